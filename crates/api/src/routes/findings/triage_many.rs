//! `POST /api/v1/findings/triage`

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_domain::{FindingId, finding::query::Filters};
use custody_scans::findings::{FindingsAsked, FindingsLimits, page};
use custody_store::{
    TenantTx,
    findings::{self, TRIAGED_MAX},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::said::SaidChange;
use crate::{
    App, Permit,
    extract::Json,
    page::{PageParameters, cursor},
    problem::{Fault, Kind, Problem},
};

/// Which findings, by `ids` or by `q`, and what is said of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "q": "check:s3_bucket_versioning account:123456789012", "triage": {"state": "accepted"},
}))]
pub(crate) struct ManyChanges {
    /// At most 1,000.
    ids: Option<Vec<Uuid>>,
    /// A query as that of `GET /api/v1/findings`; the latest first, at most 1,000 a request.
    q: Option<String>,
    triage: SaidChange,
    /// `next_cursor` of the request before, with the same `q`.
    cursor: Option<String>,
}

/// What became of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TriagedFindings {
    changed: usize,
    /// It was said of them already.
    unchanged: usize,
    /// Of `ids`, those that are no findings.
    missing: Vec<Uuid>,
    /// Goes into `cursor` for those behind; null after the last.
    next_cursor: Option<String>,
}

/// Triage many findings
///
/// All of a request or none. Each that changes leaves an entry of its own.
#[utoipa::path(
    post, path = "/api/v1/findings/triage", operation_id = "triageFindings", tag = "findings",
    request_body = ManyChanges,
    responses((status = 200, description = "What became of them.", body = TriagedFindings))
)]
pub(crate) async fn triage_findings(
    permit: Permit<op::TriageFindings>,
    State(app): State<App>,
    Json(changes): Json<ManyChanges>,
) -> Result<Answer<TriagedFindings>, Problem> {
    let now = app.now();
    let ManyChanges { ids, q, triage, cursor } = changes;
    let said = triage.read("/triage", now)?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let (ids, next_cursor) = match (ids, q) {
        (Some(ids), None) => (named(ids, cursor.as_deref())?, None),
        (None, Some(q)) => asked(&mut tx, &q, cursor, now).await?,
        _ => return Err(invalid(Fault::at("/ids", "give this, or `q`"))),
    };
    let triaged = findings::triage(&mut tx, &permit, &ids, &said, None, now).await?;
    tx.commit().await?;
    Ok(Answer(TriagedFindings {
        changed: triaged.changed.len(),
        unchanged: triaged.unchanged.len(),
        missing: triaged.missing.into_iter().map(|id| id.0).collect(),
        next_cursor,
    }))
}

fn named(ids: Vec<Uuid>, cursor: Option<&str>) -> Result<Vec<FindingId>, Problem> {
    if ids.is_empty() || ids.len() > TRIAGED_MAX {
        return Err(invalid(Fault::at("/ids", format!("must be 1 to {TRIAGED_MAX}"))));
    }
    if cursor.is_some() {
        return Err(invalid(Fault::at("/cursor", "goes with `q`")));
    }
    Ok(ids.into_iter().map(FindingId).collect())
}

async fn asked(
    tx: &mut TenantTx,
    q: &str,
    after: Option<String>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(Vec<FindingId>, Option<String>), Problem> {
    let query = Filters { q: Some(q), ..Filters::default() }.to_query().map_err(|error| match error {
        custody_domain::query::FilterError::Syntax(error) => invalid(Fault {
            offset: Some(error.position),
            hint: Some(error.hint),
            ..Fault::at("/q", error.detail)
        }),
        other => invalid(Fault::at("/q", other.to_string())),
    })?;
    // An empty one would otherwise be everything by accident.
    if q.trim().is_empty() {
        return Err(invalid(Fault::at("/q", "must not be empty; `*` is every finding")));
    }
    let after = PageParameters { limit: None, cursor: after }.bounds().map(|(_, after)| after);
    let after = after.map_err(|_| invalid(Fault::at("/cursor", "is no cursor of this list")))?;
    let limit = u16::try_from(TRIAGED_MAX).unwrap_or(u16::MAX);
    let asked = FindingsAsked { query: &query, newest_first: true, limit, after: after.map(FindingId) };
    let page = page(tx, &asked, &FindingsLimits::default(), now).await?;
    let ids = page.items.into_iter().map(|(finding, _)| finding.id).collect();
    Ok((ids, page.next.map(|id| cursor(id.0))))
}

fn invalid(fault: Fault) -> Problem {
    Problem::new(Kind::Invalid, "The findings cannot be told by this.").fault(fault)
}
