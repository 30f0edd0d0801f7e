//! Which items: the filters of a list, and what many are replayed or dropped by.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{QuarantineId, time::parse_time_or_date};
use custody_ingest::{Format, Reason};
use custody_store::{
    Store,
    quarantine::{Filter, walk},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    page::{Page, PageParameters},
    problem::{Fault, Kind, Problem},
};

/// As a client writes a filter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'w> {
    pub(crate) reason: Option<&'w str>,
    pub(crate) source_format: Option<&'w str>,
    pub(crate) from: Option<&'w str>,
    pub(crate) to: Option<&'w str>,
}

impl Wanted<'_> {
    /// The filter; else which of its members is wrong, and how.
    pub(crate) fn filter(self) -> Result<Filter, (&'static str, String)> {
        let reasons = Reason::ALL.map(Reason::as_str);
        let formats = Format::ALL.map(Format::as_str);
        Ok(Filter {
            reason: one_of("reason", self.reason, &reasons)?,
            source_format: one_of("source_format", self.source_format, &formats)?,
            from: time("from", self.from)?,
            to: time("to", self.to)?,
        })
    }
}

/// One that cannot be there is more likely a slip than a question.
fn one_of(
    name: &'static str,
    text: Option<&str>,
    known: &[&str],
) -> Result<Option<String>, (&'static str, String)> {
    match text {
        Some(text) if !known.contains(&text) => Err((name, format!("must be one of {}", known.join(", ")))),
        text => Ok(text.map(str::to_owned)),
    }
}

fn time(name: &'static str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, (&'static str, String)> {
    let Some(text) = text else { return Ok(None) };
    let at = parse_time_or_date(text);
    at.map(Some).ok_or_else(|| (name, "must be a time (RFC 3339) or a date".to_owned()))
}

/// Which items, oldest first. All members that are given must hold.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"reason": "schema", "from": "2026-01-31"}))]
pub(crate) struct Selection {
    /// Stands where no filter does: an empty one would otherwise be everything by accident.
    all: bool,
    /// `syntax`, `schema`, `time`, …
    reason: Option<String>,
    /// `auto`, `custody`, `cloudtrail`.
    source_format: Option<String>,
    /// Received at that time or later. RFC 3339, or a date.
    from: Option<String>,
    /// … and before that time.
    to: Option<String>,
    /// The most items of this request.
    limit: Option<u32>,
    /// `next_cursor` of the request before.
    cursor: Option<String>,
}

/// The items to work off.
#[derive(Debug)]
struct Selected {
    filter: Filter,
    after: Option<QuarantineId>,
    limit: u16,
}

impl Selection {
    /// The items to work off now, at most `limit_max`.
    pub(crate) async fn page(
        self,
        store: &Store,
        scope: &Scope,
        limit_max: u16,
    ) -> Result<Page<QuarantineId>, Problem> {
        let Selected { filter, after, limit } = self.selected(limit_max)?;
        let mut tx = store.tenant_tx(scope).await?;
        let ids = walk(&mut tx, &filter, after, u32::from(limit) + 1).await?;
        tx.commit().await?;
        Ok(Page::cut(ids, limit, |id| id.0))
    }

    fn selected(self, limit_max: u16) -> Result<Selected, Problem> {
        let wanted = Wanted {
            reason: self.reason.as_deref(),
            source_format: self.source_format.as_deref(),
            from: self.from.as_deref(),
            to: self.to.as_deref(),
        };
        let filter = wanted.filter().map_err(|(name, detail)| invalid(&format!("/{name}"), detail))?;
        if (filter == Filter::default()) != self.all {
            return Err(invalid(
                "",
                "must name a filter, or, where it names none, say {\"all\": true}".to_owned(),
            ));
        }
        let limit = self.limit.unwrap_or(u32::from(limit_max));
        let limit = u16::try_from(limit).ok().filter(|limit| (1..=limit_max).contains(limit));
        let limit = limit.ok_or_else(|| invalid("/limit", format!("must be from 1 to {limit_max}")))?;
        let after = PageParameters { limit: None, cursor: self.cursor }.bounds().map(|(_, after)| after);
        let after = after.map_err(|_| invalid("/cursor", "is no cursor of this list".to_owned()))?;
        Ok(Selected { filter, after: after.map(Into::into), limit })
    }
}

fn invalid(pointer: &str, detail: String) -> Problem {
    Problem::new(Kind::Invalid, "The items cannot be told by this.").fault(Fault::at(pointer, detail))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    fn selected(body: serde_json::Value) -> Result<Selected, String> {
        let selection: Selection = serde_json::from_value(body).unwrap();
        selection.selected(10).map_err(|problem| String::from_utf8(problem.body(None)).unwrap())
    }

    #[test]
    fn everything_is_meant_only_where_it_is_said() {
        use serde_json::json;
        assert!(selected(json!({})).unwrap_err().contains("all"));
        assert!(selected(json!({"limit": 3})).unwrap_err().contains("all"));
        assert!(selected(json!({"all": true, "reason": "time"})).is_err());
        assert_eq!(selected(json!({"all": true})).unwrap().limit, 10);
        let of = selected(json!({"reason": "time", "from": "2026-01-31", "limit": 3})).unwrap();
        assert_eq!((of.limit, of.filter.reason.as_deref()), (3, Some("time")));
        assert_eq!(of.filter.from.unwrap().to_rfc3339(), "2026-01-31T00:00:00+00:00");
        for wrong in [
            json!({"reason": "tmie"}),
            json!({"reason": "time", "from": "yesterday"}),
            json!({"all": true, "limit": 11}),
            json!({"all": true, "limit": 0}),
            json!({"all": true, "cursor": "x"}),
        ] {
            assert!(selected(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
