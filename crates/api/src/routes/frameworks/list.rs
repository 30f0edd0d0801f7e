//! `GET /api/v1/frameworks`

use axum::{extract::State, response::Response};
use custody_auth::op;
use http::Uri;

use super::shapes::FrameworkBody;
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
    routes::checks::shapes::{ProviderParameter, asked},
};

/// List compliance frameworks
///
/// Those of one provider that Prowler has, by id.
#[utoipa::path(
    get, path = "/api/v1/frameworks", operation_id = "listFrameworks", tag = "scans",
    params(ProviderParameter, PageParameters),
    responses((status = 200, description = "A page of frameworks.", body = Page<FrameworkBody>))
)]
pub(crate) async fn list_frameworks(
    permit: Permit<op::ListFrameworks>,
    State(app): State<App>,
    uri: Uri,
    Parameters(provider): Parameters<ProviderParameter>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let (limit, after) = page.bounds_by(|key| String::from_utf8(key.to_vec()).ok())?;
    let checks = app.scans.checks(&permit, provider.name()).await.map_err(asked)?;
    let after = after.unwrap_or_default();
    let mut all: Vec<_> = checks.catalogue().frameworks.iter().filter(|one| one.id > after).collect();
    all.sort_unstable_by_key(|framework| &framework.id);
    let items = all.into_iter().take(usize::from(limit) + 1).map(FrameworkBody::of).collect();
    Ok(Page::cut(items, limit, |framework: &FrameworkBody| framework.id.clone()).answer(&uri))
}
