//! `GET /api/v1/logs/stats`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{Json, extract::State};
use chrono::{DateTime, SecondsFormat};
use custody_auth::op;
use custody_ingest::reads::What;
use custody_search::{
    StatsRequest,
    stats::{GroupBy, Histogram, HistogramTime, Interval, Stats, TOP_MAX},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::filters::FilterParameters;
use crate::{App, Permit, extract::Parameters, page::up_to, problem::Problem};

const TOP_DEFAULT: usize = 10;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsParameters {
    /// What to count by, with commas, each by itself: `action`, `actor`, `resource_type`, `severity`,
    /// `outcome`, `ip`.
    by: Option<String>,
    /// The most values of each: 1 to 1000, 10 if not given.
    #[param(minimum = 1, maximum = 1000)]
    top: Option<usize>,
    /// `hour` or `day`, in UTC: counts over time.
    interval: Option<String>,
    /// What counts over time go by: `received` (the default) or `occurred`.
    time: Option<String>,
}

/// Counts of the entries that match. Exact.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryStats {
    /// Entries that match.
    count: u64,
    groups: Vec<GroupBody>,
    /// By where the interval begins; those without entries are left out. Null where no interval was asked
    /// for.
    histogram: Option<Vec<IntervalBody>>,
    /// As a page's.
    index_watermark: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GroupBody {
    /// What it is counted by.
    #[schema(example = "action")]
    by: &'static str,
    /// The greatest counts first.
    values: Vec<ValueBody>,
    /// Entries with other values.
    others: u64,
    /// Entries without a value.
    missing: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ValueBody {
    #[schema(example = "iam.CreateUser")]
    value: String,
    count: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct IntervalBody {
    #[schema(example = "2026-01-31T09:00:00Z")]
    from: String,
    count: u64,
}

/// Count entries
///
/// Counts the entries of the credential's tenant that all filters match: all of them, by the values of
/// fields, and over time. The counts are exact and cover the log as it was when the read began; what
/// takes longer than one request may is answered 400.
#[utoipa::path(
    get, path = "/api/v1/logs/stats", operation_id = "getEntryStats", tag = "entries",
    params(FilterParameters, StatsParameters),
    responses((status = 200, description = "The counts.", body = EntryStats))
)]
pub(crate) async fn get_entry_stats(
    permit: Permit<op::GetEntryStats>,
    State(app): State<App>,
    Parameters(filters): Parameters<FilterParameters>,
    Parameters(parameters): Parameters<StatsParameters>,
) -> Result<Json<EntryStats>, Problem> {
    let request = StatsRequest {
        query: filters.query()?,
        by: parameters.by()?,
        top: parameters.top()?,
        histogram: parameters.histogram()?,
    };
    let query = request.query.clone();
    let stats = app.search.stats(&permit, request).await?;
    app.told(&permit, What::Query(&query), stats.count);
    Ok(Json(stats.into()))
}

impl StatsParameters {
    fn by(&self) -> Result<Vec<GroupBy>, Problem> {
        let mut fields = Vec::new();
        for name in self.by.as_deref().unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
            let field = GroupBy::ALL.into_iter().find(|field| field.as_str() == name).ok_or_else(|| {
                Problem::bad_parameter(
                    "by",
                    "must be of action, actor, resource_type, severity, outcome, ip, with commas between them",
                )
            })?;
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        Ok(fields)
    }

    fn top(&self) -> Result<usize, Problem> {
        up_to(TOP_MAX, "top", self.top.unwrap_or(TOP_DEFAULT))
    }

    fn histogram(&self) -> Result<Option<Histogram>, Problem> {
        let time = match self.time.as_deref() {
            None | Some("received") => HistogramTime::Received,
            Some("occurred") => HistogramTime::Occurred,
            Some(_) => return Err(Problem::bad_parameter("time", "must be received or occurred")),
        };
        let interval = match self.interval.as_deref() {
            None => return Ok(None),
            Some("hour") => Interval::Hour,
            Some("day") => Interval::Day,
            Some(_) => return Err(Problem::bad_parameter("interval", "must be hour or day")),
        };
        Ok(Some(Histogram { interval, time }))
    }
}

impl From<Stats> for EntryStats {
    fn from(stats: Stats) -> Self {
        let value = |(value, count)| ValueBody { value, count };
        let groups = stats.groups.into_iter().map(|(by, group)| GroupBody {
            by: by.as_str(),
            values: group.values.into_iter().map(value).collect(),
            others: group.others,
            missing: group.missing,
        });
        let interval = |(at, count)| {
            let from = DateTime::from_timestamp_micros(at).unwrap_or_default();
            IntervalBody { from: from.to_rfc3339_opts(SecondsFormat::Secs, true), count }
        };
        Self {
            count: stats.count,
            groups: groups.collect(),
            histogram: stats.histogram.map(|histogram| histogram.into_iter().map(interval).collect()),
            index_watermark: stats.index_watermark,
        }
    }
}
