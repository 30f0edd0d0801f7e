//! `POST /api/v1/auth/accept`

use axum::{Json as Answer, extract::State};
use custody_auth::{Role, op};
use custody_store::invitations;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::{Place, SignedIn};
use crate::{
    App,
    extract::Json,
    permit::Open,
    problem::{Problem, ProblemBody},
    routes::shapes::RoleName,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"secret": "custi_…", "password": "correct horse battery"}))]
pub(crate) struct Acceptance {
    /// As the operator handed it over.
    secret: String,
    /// Of a new person: the one to be set, 12 characters at least. Of a known one: theirs.
    password: String,
}

/// A new membership.
#[derive(Serialize, ToSchema)]
pub(crate) struct Joined {
    user: SignedIn,
    tenant: Place,
    #[schema(value_type = RoleName)]
    role: Role,
}

/// Accept an invitation
///
/// A new person sets their password by it, a known one proves theirs. Then sign in. Attempts are
/// limited per secret, invited account and address.
#[utoipa::path(
    post, path = "/api/v1/auth/accept", operation_id = "acceptInvitation", tag = "auth",
    request_body = Acceptance,
    responses(
        (status = 200, description = "A member now.", body = Joined),
        (status = 401, description = "The secret or the password is not right.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn accept_invitation(
    open: Open<op::AcceptInvitation>,
    State(app): State<App>,
    Json(Acceptance { secret, password }): Json<Acceptance>,
) -> Result<Answer<Joined>, Problem> {
    let limits = (&app.passwords, &app.sign_in_limits);
    let joined = invitations::accept(&app.store, limits, &secret, &password, open.origin, app.now()).await?;
    Ok(Answer(Joined {
        user: SignedIn { id: joined.user, email: joined.email },
        tenant: Place { id: joined.tenant, name: joined.tenant_name },
        role: joined.role,
    }))
}
