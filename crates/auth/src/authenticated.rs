//! A credential that was found good, and the step from there to a [`Scope`].

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use custody_domain::{KeyId, SessionId, TenantId, TokenId, UserId};
use uuid::Uuid;

use crate::{Access, Operation, Principal, Role, RowGrant, Scope};

/// What was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    ApiKey {
        id: KeyId,
        prefix: String,
    },
    Session(SessionId),
    IssuedToken(TokenId),
    /// A token of an outside issuer. We keep no row of it.
    Outside,
}

/// Who asks, in which tenant, as what. Good at the moment of the check; a revocation acts within
/// five seconds.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub(crate) principal: Principal,
    pub(crate) name: Option<String>,
    pub(crate) tenant: TenantId,
    pub(crate) role: Role,
    pub(crate) row_grant: Option<RowGrant>,
    pub(crate) credential: Credential,
    pub(crate) must_set_password: bool,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// The credential is good, and not for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("The role {role} may not do this; it takes one of: {}", names(.operation.roles()))]
    Role { role: Role, operation: Operation },
    #[error("This is for who may read every entry; your membership gives a part of them")]
    Restricted,
    #[error("Signed in with a one-time secret: set a password first, by POST /api/v1/auth/password")]
    PasswordMustBeSet,
}

fn names(roles: &[Role]) -> String {
    roles.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ")
}

impl Authenticated {
    /// The scope of one call of `operation`, if the role may do it.
    pub fn permit(&self, operation: Operation, peer_ip: Option<IpAddr>) -> Result<Scope, Denied> {
        if self.must_set_password && !works_without_password(operation) {
            return Err(Denied::PasswordMustBeSet);
        }
        let allowed = match operation.access() {
            Access::Public | Access::Authenticated => true,
            Access::Roles(roles) => roles.contains(&self.role),
        };
        if !allowed {
            return Err(Denied::Role { role: self.role, operation });
        }
        let scope = Scope::new(
            self.tenant,
            self.principal.clone(),
            self.name.clone(),
            self.credential_id(),
            self.role,
            operation.route(),
            peer_ip,
        )
        .granted(self.row_grant.clone());
        if operation.takes_every_entry() && scope.grant().is_some() {
            return Err(Denied::Restricted);
        }
        Ok(scope)
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn role(&self) -> Role {
        self.role
    }

    /// Which entries of the tenant may be read, where the membership gives a part of them.
    pub fn row_grant(&self) -> Option<&RowGrant> {
        self.row_grant.as_ref()
    }

    /// A person's e-mail address, a key's or a token's name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// What `recorded_by.credential_id` says; none for outside tokens.
    pub fn credential_id(&self) -> Option<Uuid> {
        match &self.credential {
            Credential::ApiKey { id, .. } => Some(id.0),
            Credential::Session(id) => Some(id.0),
            Credential::IssuedToken(id) => Some(id.0),
            Credential::Outside => None,
        }
    }

    /// The person, where one signed in.
    pub fn user(&self) -> Option<UserId> {
        match self.principal {
            Principal::User(user) => Some(user),
            _ => None,
        }
    }

    pub fn session(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(session) => Some(session),
            _ => None,
        }
    }

    pub fn must_set_password(&self) -> bool {
        self.must_set_password
    }

    /// When the credential as shown ends; none for a key without an end.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.expires_at
    }
}

fn works_without_password(operation: Operation) -> bool {
    matches!(operation, Operation::SetPassword | Operation::GetMe | Operation::Logout)
}
