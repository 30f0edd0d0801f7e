//! `GET /api/v1/invitations`

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_store::invitations;
use http::Uri;

use super::shapes::InvitationBody;
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// List invitations
///
/// Open, accepted, revoked and expired ones, oldest first; never their secrets.
#[utoipa::path(
    get, path = "/api/v1/invitations", operation_id = "listInvitations", tag = "people",
    params(PageParameters),
    responses((status = 200, description = "A page of invitations.", body = Page<InvitationBody>))
)]
pub(crate) async fn list_invitations(
    permit: Permit<op::ListInvitations>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let page = invitations::list(&app.store, &permit, parameters.request()?).await?;
    Ok(Page::of(page, InvitationBody::from).answer(&uri))
}
