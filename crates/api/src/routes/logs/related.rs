//! `GET /api/v1/logs/{id}/related`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use std::time::Duration;

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_domain::EntryId;
use custody_search::related::{Around, related};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{answer, readable, shapes::Timeline};
use crate::{
    App, Permit,
    extract::{Id, Parameters},
    page::{LIMIT_DEFAULT, up_to},
    problem::Problem,
};

const WITHIN_DEFAULT: Duration = Duration::from_hours(1);
const WITHIN_MAX: Duration = Duration::from_hours(31 * 24);
const LIMIT_MAX: u32 = 500;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RelatedParameters {
    /// The time before the entry, and after it: `90s`, `30m`, `1h` (the default), `31d` at most.
    within: Option<String>,
    /// Entries on each side of it, the nearest: 1 to 500, 50 if not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// List what belongs to an entry
///
/// The entries of the same request, session, actor or resource, around the entry in time (by when they
/// occurred), as one timeline from the earliest on; the entry itself stands among them. Each says by what
/// it is related. `more_before` and `more_after` tell where the time holds more than was asked for.
#[utoipa::path(
    get, path = "/api/v1/logs/{id}/related", operation_id = "getRelatedEntries", tag = "entries",
    params(("id" = uuid::Uuid, Path, description = "The entry's id."), RelatedParameters),
    responses((status = 200, description = "The timeline.", body = Timeline))
)]
pub(crate) async fn get_related_entries(
    permit: Permit<op::GetRelatedEntries>,
    State(app): State<App>,
    Id(id): Id<EntryId>,
    Parameters(parameters): Parameters<RelatedParameters>,
) -> Result<Response, Problem> {
    let around = Around { within: parameters.within()?, limit: parameters.limit()? };
    let entry = app.ledger.get(&permit, id).await?.ok_or_else(Problem::not_found)?;
    let what = readable(&permit, &entry)?;
    let timeline = related(&*app.search, &permit, &entry, around).await?;
    app.told(&permit, what, timeline.items.len() as u64);
    answer::timeline(&timeline)
}

impl RelatedParameters {
    fn within(&self) -> Result<Duration, Problem> {
        let Some(text) = &self.within else { return Ok(WITHIN_DEFAULT) };
        duration(text).filter(|within| (Duration::from_secs(1)..=WITHIN_MAX).contains(within)).ok_or_else(
            || Problem::bad_parameter("within", "must be a time from 1s to 31d: 90s, 30m, 1h, 2d"),
        )
    }

    fn limit(&self) -> Result<u32, Problem> {
        up_to(LIMIT_MAX, "limit", self.limit.unwrap_or(LIMIT_DEFAULT))
    }
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let secs = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(secs).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_bounds() {
        let within =
            |text: &str| RelatedParameters { within: Some(text.to_owned()), limit: None }.within().ok();
        assert_eq!(within("90s"), Some(Duration::from_secs(90)));
        assert_eq!(within("31d"), Some(WITHIN_MAX));
        for text in ["", "h", "0s", "1", "-1h", "+1h", "1.5h", "32d", "99999999999999999999d", "1ü", "1 h"] {
            assert_eq!(within(text), None, "{text:?}");
        }
    }
}
