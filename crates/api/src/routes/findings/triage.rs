//! `PATCH /api/v1/findings/{id}`

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_domain::FindingId;
use custody_store::findings;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{detail::DetailBody, said::SaidChange};
use crate::{
    App, Permit,
    extract::{Id, Json},
    problem::{Kind, Problem, ProblemBody},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"triage": {"state": "in_progress", "owner": "alice"}, "version": 3}))]
pub(crate) struct FindingChange {
    triage: SaidChange,
    /// Of the triage as it was read: 409 where somebody has changed it since. Without it the last one wins.
    version: Option<u64>,
}

/// Triage a finding
///
/// What is said of it is said of the same in every scan, those to come too.
#[utoipa::path(
    patch, path = "/api/v1/findings/{id}", operation_id = "triageFinding", tag = "findings",
    params(("id" = uuid::Uuid, Path, description = "The finding.")),
    request_body = FindingChange,
    responses(
        (status = 200, description = "As it is now.", body = DetailBody),
        (status = 409, description = "Somebody else has said something since.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn triage_finding(
    permit: Permit<op::TriageFinding>,
    State(app): State<App>,
    Id(id): Id<FindingId>,
    Json(change): Json<FindingChange>,
) -> Result<Answer<DetailBody>, Problem> {
    let now = app.now();
    let said = change.triage.read("/triage", now)?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let triaged = findings::triage(&mut tx, &permit, &[id], &said, change.version, now).await?;
    tx.commit().await?;
    if let Some(version) = triaged.stale {
        return Err(Problem::new(Kind::Conflict, "Somebody else has said something of it since.")
            .member("version", version.into()));
    }
    if !triaged.missing.is_empty() {
        return Err(Problem::not_found());
    }
    Ok(Answer(DetailBody::now(&app, &permit, id).await?))
}
