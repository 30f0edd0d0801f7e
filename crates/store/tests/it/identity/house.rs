//! A database with two tenants and their people, and the verbs of an API.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::{
    AuthConfig, AuthError, Authenticated, Authenticator, Directory, Minted, Operation, Origin, Passwords,
    Refusal, Role, Scope, SignInLimits, SystemAuthority, Tokens,
};
use custody_domain::{InvitationId, TenantId, UserId};
use custody_store::{
    IdentityError, Store, StoreError,
    audit_outbox::{self, Change},
    invitations::{self, CreatedInvitation, NewInvitation},
    sessions::{self, Started},
    sign_in::{SignIn, sign_in},
    signing_keys,
    tenants::{self, NewTenant, Tenant},
};

use crate::fixture::{Fixture, keys, scope};

pub(super) const PASSWORD: &str = "correct horse battery";

static PASSWORDS: LazyLock<Passwords> = LazyLock::new(|| Passwords::new().unwrap());

pub(super) fn passwords() -> &'static Passwords {
    &PASSWORDS
}

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub(super) fn at(operation: Operation) -> Origin {
    Origin { operation, peer_ip: Some("192.0.2.7".parse().unwrap()) }
}

pub(super) struct House {
    pub(super) fixture: Fixture,
    pub(super) limits: SignInLimits,
    pub(super) authenticator: Authenticator,
    pub(super) tokens: Tokens,
    pub(super) acme: Tenant,
    pub(super) other: Tenant,
}

impl House {
    pub(super) async fn new() -> Self {
        let fixture = Fixture::new().await;
        signing_keys::load_or_create(&fixture.store, keys(), now()).await.unwrap();
        let (authenticator, tokens) = server(&fixture.store);
        let acme = tenant(&fixture.store, "acme").await;
        let other = tenant(&fixture.store, "other").await;
        Self { fixture, limits: SignInLimits::off(), authenticator, tokens, acme, other }
    }

    pub(super) fn store(&self) -> &Store {
        &self.fixture.store
    }

    /// Somebody who joined by invitation, with [`PASSWORD`].
    pub(super) async fn person(&self, tenant: &Tenant, email: &str, role: Role) -> UserId {
        let new = NewInvitation { email: email.to_owned(), role, row_grant: None };
        let made = invitations::create(self.store(), &scope(tenant.id), new, now()).await.unwrap();
        let made = self.hand_out(tenant.id, made.id).await.unwrap();
        self.accept(&made.secret.text, PASSWORD).await.unwrap().user
    }

    /// As the operator's command does.
    pub(super) async fn hand_out(
        &self,
        tenant: TenantId,
        id: InvitationId,
    ) -> Result<CreatedInvitation, StoreError> {
        invitations::issue_secret(self.store(), &scope(tenant), authority(), id, now()).await
    }

    pub(super) async fn accept(
        &self,
        secret: &str,
        password: &str,
    ) -> Result<invitations::Accepted, IdentityError> {
        let checks = (passwords(), &self.limits);
        let origin = at(Operation::AcceptInvitation);
        invitations::accept(self.store(), checks, secret, password, origin, now()).await
    }

    pub(super) async fn try_sign_in(
        &self,
        email: &str,
        password: &str,
        tenant: Option<&str>,
    ) -> Result<Started, IdentityError> {
        let request = SignIn {
            email: email.to_owned(),
            password: password.to_owned(),
            tenant: tenant.map(str::to_owned),
        };
        sign_in(self.store(), (passwords(), &self.limits), &request, at(Operation::Login), now()).await
    }

    pub(super) async fn sign_in(&self, email: &str, tenant: &Tenant) -> Started {
        self.try_sign_in(email, PASSWORD, Some(&tenant.name)).await.unwrap()
    }

    pub(super) async fn refresh(
        &self,
        token: &str,
        tenant: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Started, IdentityError> {
        sessions::refresh(self.store(), token, tenant, at(Operation::RefreshToken), now).await
    }

    pub(super) async fn access(&self, of: &Started, now: DateTime<Utc>) -> Minted {
        let (who, place) = ((of.session, of.user), (of.tenant, of.role));
        self.tokens.access(who, place, of.session_expires_at, now).await.unwrap()
    }

    /// Whoever showed this, looked up anew.
    pub(super) async fn show(&self, bearer: &str, now: DateTime<Utc>) -> Result<Authenticated, Refusal> {
        self.authenticator.forget();
        self.authenticator.authenticate(bearer, now).await.map_err(|error| match error {
            AuthError::Invalid(refusal) => refusal,
            AuthError::Directory(error) => panic!("{error}"),
        })
    }

    /// The scope of a signed-in person's call.
    pub(super) async fn scope_of(&self, of: &Started, operation: Operation) -> Scope {
        let token = self.access(of, now()).await.token;
        let who = self.show(&token, now()).await.unwrap();
        who.permit(operation, at(operation).peer_ip).unwrap()
    }

    /// What waits for a tenant's log.
    pub(super) async fn outbox(&self, tenant: TenantId) -> Vec<Change> {
        let rows = audit_outbox::read(self.store(), &scope(tenant), 1000).await.unwrap();
        assert_eq!(rows.broken, []);
        rows.rows.into_iter().map(|row| row.change).collect()
    }

    pub(super) async fn actions(&self, tenant: TenantId) -> Vec<String> {
        self.outbox(tenant).await.into_iter().map(|change| change.action).collect()
    }
}

/// A server of its own on the same database.
pub(super) fn server(store: &Store) -> (Authenticator, Tokens) {
    let config = AuthConfig { issuer: "test".to_owned(), outside: Vec::new() };
    let directory: Arc<dyn Directory> = Arc::new(store.clone());
    let authenticator = Authenticator::new(config, directory);
    let tokens = authenticator.tokens(keys().clone());
    (authenticator, tokens)
}

static AUTHORITY: LazyLock<SystemAuthority> = LazyLock::new(SystemAuthority::assume);

pub(super) fn authority() -> &'static SystemAuthority {
    &AUTHORITY
}

pub(super) async fn tenant(store: &Store, name: &str) -> Tenant {
    let new = NewTenant { name: name.to_owned(), title: name.to_uppercase(), admin_email: None };
    tenants::create(store, &scope(TenantId::RESERVED), new, now()).await.unwrap().tenant
}

pub(super) fn secs(n: i64) -> TimeDelta {
    TimeDelta::seconds(n)
}
