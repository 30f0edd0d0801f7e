//! A member as they are shown.

use chrono::{DateTime, Utc};
use custody_auth::Role;
use custody_domain::UserId;
use custody_store::users::Member;
use serde::Serialize;
use utoipa::ToSchema;

use crate::routes::shapes::RoleName;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserBody {
    #[schema(value_type = Uuid)]
    id: UserId,
    #[schema(example = "ada@acme.example")]
    email: String,
    #[schema(value_type = RoleName)]
    role: Role,
    /// Of an auditor: the query whose entries they may read; null where that is all of them.
    #[schema(example = "resource.type:bucket")]
    grant: Option<String>,
    /// Since when they are a member.
    joined_at: DateTime<Utc>,
}

impl From<Member> for UserBody {
    fn from(member: Member) -> Self {
        Self {
            id: member.user,
            email: member.email,
            role: member.role,
            grant: member.row_grant.map(|grant| grant.text().to_owned()),
            joined_at: member.joined_at,
        }
    }
}
