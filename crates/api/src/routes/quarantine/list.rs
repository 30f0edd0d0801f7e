//! `GET /api/v1/quarantine`

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_store::quarantine;
use http::Uri;

use super::shapes::QuarantinedItem;
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// List the quarantine
///
/// What was sent and could not become an entry, newest first: the reason and where it is wrong,
/// without the bytes themselves.
#[utoipa::path(
    get, path = "/api/v1/quarantine", operation_id = "listQuarantine", tag = "quarantine",
    params(PageParameters),
    responses((status = 200, description = "A page of items.", body = Page<QuarantinedItem>))
)]
pub(crate) async fn list_quarantine(
    permit: Permit<op::ListQuarantine>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let (limit, before) = parameters.bounds()?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let items = quarantine::page(&mut tx, before.map(Into::into), u32::from(limit) + 1).await?;
    tx.commit().await?;
    let page = Page::cut(items, limit, |item| item.id.0);
    Ok(page.map(QuarantinedItem::from).answer(&uri))
}
