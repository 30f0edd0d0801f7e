//! `PATCH /api/v1/users/{id}`

use axum::{Json as Answer, extract::State};
use custody_auth::{Role, op};
use custody_domain::UserId;
use custody_store::{
    memberships::{self, MemberChange},
    users,
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::shapes::UserBody;
use crate::{
    App, Permit,
    extract::{Id, Json},
    problem::{Fault, Kind, Problem, ProblemBody},
    routes::{row_grant, shapes::RoleName},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "auditor", "grant": "resource.type:bucket"}))]
pub(crate) struct UserChange {
    /// Stays, where it is not given.
    #[schema(value_type = Option<RoleName>)]
    role: Option<Role>,
    /// Of an auditor: a query (docs/query.md) that everything they read is AND-ed with; null gives every
    /// entry. Stays, where it is not given; with another role it ends.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    grant: Option<Option<String>>,
}

impl UserChange {
    fn read(self) -> Result<MemberChange, Problem> {
        if self.role.is_none() && self.grant.is_none() {
            let detail = "There is nothing to change.";
            return Err(
                Problem::new(Kind::Invalid, detail).fault(Fault::at("/role", "give this, or `grant`"))
            );
        }
        let grant = self.grant.map(|grant| row_grant::read(grant.as_deref()));
        Ok(MemberChange { role: self.role, row_grant: grant.transpose()? })
    }
}

/// What is given and null is told from what is not given.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Change what a user may do
///
/// Their role, and which entries an auditor may read. It acts at once on this server and within five seconds on others, whatever their tokens say.
#[utoipa::path(
    patch, path = "/api/v1/users/{id}", operation_id = "updateUser", tag = "people",
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    request_body = UserChange,
    responses(
        (status = 200, description = "The member as they are now.", body = UserBody),
        (status = 409, description = "They are the last admin.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_user(
    permit: Permit<op::UpdateUser>,
    State(app): State<App>,
    Id(id): Id<UserId>,
    Json(change): Json<UserChange>,
) -> Result<Answer<UserBody>, Problem> {
    let change = change.read()?;
    memberships::change(&app.store, &permit, id, change, app.now()).await?;
    app.authenticator.forget();
    Ok(Answer(users::get(&app.store, &permit, id).await?.into()))
}
