//! `GET /api/v1/tenants`

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_store::tenants;
use http::Uri;

use super::shapes::TenantBody;
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// List tenants
///
/// A person sees the tenants that they belong to, a key or token its own, an operator all.
#[utoipa::path(
    get, path = "/api/v1/tenants", operation_id = "listTenants", tag = "tenants",
    params(PageParameters),
    responses((status = 200, description = "A page of tenants.", body = Page<TenantBody>))
)]
pub(crate) async fn list_tenants(
    permit: Permit<op::ListTenants>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let page = tenants::list(&app.store, &permit, parameters.request()?).await?;
    Ok(Page::of(page, TenantBody::from).answer(&uri))
}
