//! `GET /api/v1/producers`

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_domain::producer::Gap;
use custody_store::producers::{self, Producer};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// A producer that numbers its events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProducerBody {
    /// `producer.id` of its entries.
    id: String,
    /// How often it has begun to count, this time included.
    run: u64,
    /// Lowest and highest number of this run.
    first_seq: u64,
    highest_seq: u64,
    /// How many numbers between those two have not come.
    missing: u64,
    /// Which: at most 256 ranges.
    gaps: Vec<GapBody>,
    /// How many of the missing numbers stand in no range here, because there were too many.
    gaps_unlisted: u64,
    /// How many numbers earlier runs have left missing. They do not come any more.
    missing_earlier: u64,
    /// Entries of all runs.
    entries: u64,
    /// Of them: those that closed a gap, those whose number had come already, and those of which
    /// that cannot be told any more.
    late: u64,
    repeated: u64,
    unplaced: u64,
    /// When its first and its last entry were received.
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

/// Numbers that have not come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GapBody {
    /// The first and the last one.
    from: u64,
    to: u64,
    /// When the entry was received that showed it.
    since: DateTime<Utc>,
}

/// List the producers
///
/// Whose events carry numbers of their own (`producer` of an entry), and which of these have not come.
/// What the numbers mean: docs/completeness.md.
#[utoipa::path(
    get, path = "/api/v1/producers", operation_id = "listProducers", tag = "log",
    params(PageParameters),
    responses((status = 200, description = "A page of producers, by id.", body = Page<ProducerBody>))
)]
pub(crate) async fn list_producers(
    permit: Permit<op::ListProducers>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let (limit, after) = parameters.bounds_by(id_in)?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let found = producers::page(&mut tx, after.as_deref(), limit + 1).await?;
    tx.commit().await?;
    Ok(Page::cut(found, limit, |producer| producer.id.clone()).map(ProducerBody::from).answer(&uri))
}

/// A producer's id is text: so is the key of this list.
fn id_in(key: &[u8]) -> Option<String> {
    // PostgreSQL's text has no NUL.
    str::from_utf8(key).ok().map(str::to_owned).filter(|id| !id.contains('\0'))
}

impl From<Producer> for ProducerBody {
    fn from(producer: Producer) -> Self {
        let run = producer.run;
        Self {
            id: producer.id,
            run: run.run,
            first_seq: run.first,
            highest_seq: run.highest,
            missing: run.missing(),
            gaps: run.gaps.as_slice().iter().map(GapBody::from).collect(),
            gaps_unlisted: run.gaps_dropped,
            missing_earlier: run.missing_earlier,
            entries: run.entries,
            late: run.late,
            repeated: run.repeated,
            unplaced: run.unplaced,
            first_seen_at: producer.first_seen_at,
            last_seen_at: producer.last_seen_at,
        }
    }
}

impl From<&Gap> for GapBody {
    fn from(gap: &Gap) -> Self {
        let since = DateTime::from_timestamp_millis(gap.since_ms).unwrap_or_default();
        Self { from: gap.from, to: gap.to, since }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_last_id_and_no_other_text_is_asked_for() {
        assert_eq!(id_in(b"pump-7").as_deref(), Some("pump-7"));
        assert_eq!(id_in(b"a\0b"), None);
        assert_eq!(id_in(&[0xff, 0xfe]), None);
    }
}
