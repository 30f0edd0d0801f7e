//! The table `tickets`: one use, thirty seconds, for what cannot send a header (a browser's
//! WebSocket). A row, so that any server can redeem it.

use chrono::{DateTime, Utc};
use custody_auth::{Authenticated, Credential, NewSecret, Scope, SecretHash, SecretKind, TicketRecord};
use custody_domain::{KeyId, SessionId, TenantId, TokenId};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    IdentityError, Store, StoreError,
    audit_outbox::{self, Change},
};

#[derive(Clone, Debug)]
pub struct CreatedTicket {
    pub ticket: NewSecret,
    pub expires_at: DateTime<Utc>,
}

/// A ticket for what the caller showed. It is as good as that credential, and no better: redeeming
/// checks it anew.
pub async fn create(
    store: &Store,
    scope: &Scope,
    who: &Authenticated,
    now: DateTime<Utc>,
) -> Result<CreatedTicket, IdentityError> {
    let (kind, id, prefix) = match who.credential() {
        Credential::ApiKey { id, prefix } => ("api_key", id.0, Some(prefix)),
        Credential::Session(id) => ("session", id.0, None),
        Credential::IssuedToken(id) => ("issued_token", id.0, None),
        Credential::Outside => {
            return Err(IdentityError::invalid("", "a token of another issuer gets no ticket yet"));
        }
    };
    let ticket = SecretKind::Ticket.generate();
    let expires_at = now + SecretKind::Ticket.lifetime();
    let mut tx = store.tenant_tx(scope).await?;
    sqlx::query(
        "INSERT INTO tickets (tenant_id, secret_hash, credential, credential_id, key_prefix, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(scope.tenant().0)
    .bind(&ticket.hash.0[..])
    .bind(kind)
    .bind(id)
    .bind(prefix)
    .bind(expires_at)
    .execute(tx.connection())
    .await?;
    let change = Change::by(scope, "custody.ticket.created");
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    tx.commit().await?;
    Ok(CreatedTicket { ticket, expires_at })
}

/// Takes it away and tells what it stood for; the second asker gets none.
pub(crate) async fn redeem(store: &Store, hash: &SecretHash) -> Result<Option<TicketRecord>, StoreError> {
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(
        "DELETE FROM tickets WHERE secret_hash = $1
         RETURNING tenant_id, credential, credential_id, key_prefix, expires_at",
    )
    .bind(&hash.0[..])
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    let Some(row) = row else { return Ok(None) };
    let id: Uuid = row.try_get("credential_id")?;
    let credential = match (row.try_get("credential")?, row.try_get::<Option<String>, _>("key_prefix")?) {
        ("session", None) => Credential::Session(SessionId(id)),
        ("issued_token", None) => Credential::IssuedToken(TokenId(id)),
        ("api_key", Some(prefix)) => Credential::ApiKey { id: KeyId(id), prefix },
        _ => return Err(StoreError::unexpected("a ticket stands for something unknown")),
    };
    Ok(Some(TicketRecord {
        tenant: TenantId(row.try_get("tenant_id")?),
        credential,
        expires_at: row.try_get("expires_at")?,
    }))
}
