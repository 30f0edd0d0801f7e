//! `GET /api/v1/providers`

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_domain::ProviderId;
use custody_store::providers;
use http::Uri;

use super::shapes::ProviderBody;
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// List connected accounts
///
/// The tenant's own, newest first.
#[utoipa::path(
    get, path = "/api/v1/providers", operation_id = "listProviders", tag = "scans",
    params(PageParameters),
    responses((status = 200, description = "A page of connected accounts.", body = Page<ProviderBody>))
)]
pub(crate) async fn list_providers(
    permit: Permit<op::ListProviders>,
    State(app): State<App>,
    uri: Uri,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let (limit, before) = page.bounds()?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let items = providers::page(&mut tx, before.map(ProviderId), u32::from(limit) + 1).await?;
    tx.commit().await?;
    let items = items.into_iter().map(ProviderBody::from).collect();
    Ok(Page::cut(items, limit, |provider: &ProviderBody| provider.id.0).answer(&uri))
}
