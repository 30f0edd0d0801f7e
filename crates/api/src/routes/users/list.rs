//! `GET /api/v1/users`

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_store::users;
use http::Uri;

use super::shapes::UserBody;
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// List users
///
/// The members of the credential's tenant.
#[utoipa::path(
    get, path = "/api/v1/users", operation_id = "listUsers", tag = "people",
    params(PageParameters),
    responses((status = 200, description = "A page of members.", body = Page<UserBody>))
)]
pub(crate) async fn list_users(
    permit: Permit<op::ListUsers>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let page = users::list(&app.store, &permit, parameters.request()?).await?;
    Ok(Page::of(page, UserBody::from).answer(&uri))
}
