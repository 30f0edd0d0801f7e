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
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    grant: Wish,
}

/// What is given and null is told from what is not given.
#[derive(Debug, Default, PartialEq, Eq)]
enum Wish {
    #[default]
    Stays,
    Becomes(Option<String>),
}

impl<'de> Deserialize<'de> for Wish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Becomes)
    }
}

impl UserChange {
    fn read(self) -> Result<MemberChange, Problem> {
        if self.role.is_none() && self.grant == Wish::Stays {
            let detail = "There is nothing to change.";
            return Err(
                Problem::new(Kind::Invalid, detail).fault(Fault::at("/role", "give this, or `grant`"))
            );
        }
        let row_grant = match self.grant {
            Wish::Stays => None,
            Wish::Becomes(text) => Some(row_grant::read(text.as_deref())?),
        };
        Ok(MemberChange { role: self.role, row_grant })
    }
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
