//! An invitation as it is shown.

use chrono::{DateTime, Utc};
use custody_auth::Role;
use custody_domain::{InvitationId, UserId};
use custody_store::{CreatedInvitation, invitations::Invitation};
use serde::Serialize;
use utoipa::ToSchema;

use crate::routes::shapes::RoleName;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationBody {
    #[schema(value_type = Uuid)]
    id: InvitationId,
    #[schema(example = "ada@acme.example")]
    email: String,
    #[schema(value_type = RoleName)]
    role: Role,
    /// Of an auditor: the query whose entries they will read; null where that is all of them.
    grant: Option<String>,
    /// The principal that invited.
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<Uuid>)]
    accepted_by: Option<UserId>,
    revoked_at: Option<DateTime<Utc>>,
}

/// An invitation that an operator just made, who has its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewInvitationBody {
    #[serde(flatten)]
    invitation: InvitationBody,
    /// Shown this once. Whoever has it can join in the person's name: hand it to the person alone, by
    /// a way that you trust.
    #[schema(example = "custi_…")]
    secret: String,
}

impl std::fmt::Debug for NewInvitationBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NewInvitationBody").field(&self.invitation).finish()
    }
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            grant: invitation.row_grant.map(|grant| grant.text().to_owned()),
            created_by: invitation.created_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            accepted_at: invitation.accepted_at,
            accepted_by: invitation.accepted_by,
            revoked_at: invitation.revoked_at,
        }
    }
}

impl From<CreatedInvitation> for NewInvitationBody {
    fn from(created: CreatedInvitation) -> Self {
        Self { invitation: created.invitation.into(), secret: created.secret.text.to_string() }
    }
}
