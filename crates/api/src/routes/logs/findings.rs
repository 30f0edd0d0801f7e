//! `GET /api/v1/logs/{id}/findings`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_domain::EntryId;
use custody_scans::causes::touched;
use http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::readable;
use crate::{
    App, Permit,
    extract::{Id, Parameters},
    page::{Page, PageParameters, cursor},
    problem::Problem,
    routes::findings::shapes::FindingBody,
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingsParameters {
    /// What every scan found, also what a later one has looked at again.
    #[serde(default)]
    history: bool,
    /// Findings of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// A finding of what an entry touched.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TouchedFinding)]
pub(crate) struct TouchedBody {
    /// What the entry names the resource by: `uid`, `name`, the `id` within the uid, or the uid as a `parameter`.
    #[schema(example = "uid")]
    touched_by: &'static str,
    finding: FindingBody,
}

/// List the findings of what an entry touched
///
/// The current findings (with `history=true` those of all scans) whose resource the entry names: by its ARN,
/// its name, the id within the ARN, or among its parameters; in the order in which they were kept.
#[utoipa::path(
    get, path = "/api/v1/logs/{id}/findings", operation_id = "getEntryFindings", tag = "entries",
    params(("id" = uuid::Uuid, Path, description = "The entry's id."), FindingsParameters),
    responses((status = 200, description = "A page of findings.", body = Page<TouchedBody>))
)]
pub(crate) async fn get_entry_findings(
    permit: Permit<op::GetEntryFindings>,
    State(app): State<App>,
    Id(id): Id<EntryId>,
    uri: Uri,
    Parameters(parameters): Parameters<FindingsParameters>,
) -> Result<Response, Problem> {
    let request = PageParameters { limit: parameters.limit, cursor: parameters.cursor }.request()?;
    let entry = app.ledger.get(&permit, id).await?.ok_or_else(Problem::not_found)?;
    let what = readable(&permit, &entry)?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let page = touched(&mut tx, &entry.view()?, parameters.history, request).await?;
    tx.commit().await?;
    app.told(&permit, what, 1);
    let now = app.now();
    let items = page.items.into_iter().map(|(touch, finding, said)| TouchedBody {
        touched_by: touch.as_str(),
        finding: FindingBody::of(finding, said, now),
    });
    Ok(Page { items: items.collect(), next_cursor: page.next.map(cursor) }.answer(&uri))
}
