//! The proof that somebody may act within one tenant.

use std::net::IpAddr;

use custody_domain::TenantId;
use uuid::Uuid;

use crate::{Principal, Role, RowGrant};

/// One tenant, and who acts in it. Every function that touches a tenant's rows demands one; only
/// this crate can make one, after it checked a credential and an operation.
#[derive(Clone, Debug)]
pub struct Scope {
    tenant: TenantId,
    principal: Principal,
    actor_name: Option<String>,
    credential_id: Option<Uuid>,
    role: Role,
    row_grant: Option<RowGrant>,
    via: &'static str,
    peer_ip: Option<IpAddr>,
}

impl Scope {
    pub(crate) fn new(
        tenant: TenantId,
        principal: Principal,
        actor_name: Option<String>,
        credential_id: Option<Uuid>,
        role: Role,
        via: &'static str,
        peer_ip: Option<IpAddr>,
    ) -> Self {
        Self { tenant, principal, actor_name, credential_id, role, row_grant: None, via, peer_ip }
    }

    /// The same, of a member whose membership carries a row grant.
    pub(crate) fn granted(self, row_grant: Option<RowGrant>) -> Self {
        Self { row_grant, ..self }
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The person's e-mail address, the key's or the token's name.
    pub fn actor_name(&self) -> Option<&str> {
        self.actor_name.as_deref()
    }

    /// The key, session or token that was shown; none for the system itself.
    pub fn credential_id(&self) -> Option<Uuid> {
        self.credential_id
    }

    pub fn role(&self) -> Role {
        self.role
    }

    /// What the membership says of entries, where it says something: [`Scope::grant`] is what counts.
    pub(crate) fn row_grant(&self) -> Option<&RowGrant> {
        self.row_grant.as_ref()
    }

    /// The route it was made for (`POST /api/v1/logs`), or the system's task.
    pub fn via(&self) -> &'static str {
        self.via
    }

    /// The first untrusted hop.
    pub fn peer_ip(&self) -> Option<IpAddr> {
        self.peer_ip
    }
}

/// The right to act for the system itself in any tenant: followers, the outbox, the operator's
/// command line. Made once, where the parts are wired together, and handed to what needs it.
#[derive(Clone, Debug)]
pub struct SystemAuthority(());

impl SystemAuthority {
    /// Only the binary (and tests) may call this; the tidy test holds it to that.
    pub fn assume() -> Self {
        Self(())
    }

    /// A scope of the system's own, with every right of an admin in that one tenant.
    pub fn scope(&self, tenant: TenantId, name: &'static str) -> Scope {
        Scope::new(tenant, Principal::System(name), None, None, Role::Admin, name, None)
    }
}
