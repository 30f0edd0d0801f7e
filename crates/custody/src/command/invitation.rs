//! `custody invitation`

use std::process::ExitCode;

use chrono::Utc;
use clap::Subcommand;
use custody_domain::InvitationId;
use custody_store::{PageRequest, StoreError, invitations};
use serde_json::json;

use super::{Console, table, tenant_of};
use crate::{config::Config, installation};

#[derive(Debug, Subcommand)]
pub(crate) enum InvitationCommand {
    /// Lists the invitations that wait to be accepted.
    List {
        /// A tenant's name or id (default: all tenants').
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Makes a secret for an open invitation and prints it, this once.
    ///
    /// Whoever has it accepts in the person's name, and chooses a new person's password: hand it to that
    /// person and to nobody else, not to the admin who invited. A secret that was made before is not good
    /// any more. The tenant's log tells of it.
    Secret {
        /// Its id, as `invitation list` shows it.
        id: InvitationId,
        /// The tenant that it leads into.
        #[arg(long)]
        tenant: String,
    },
}

impl InvitationCommand {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { tenant } => list(config, console, tenant).await?,
            Self::Secret { id, tenant } => secret(config, console, id, &tenant).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(config: &Config, console: Console, tenant: Option<String>) -> anyhow::Result<()> {
    let waiting = installation::with(config, async |installation| {
        let tenant = match &tenant {
            Some(named) => Some(tenant_of(installation, Some(named)).await?.id),
            None => None,
        };
        let (store, authority) = (&installation.store, &installation.authority);
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let request = PageRequest::new(PageRequest::LIMIT_MAX, after);
            let page = invitations::waiting(store, authority, tenant, request, Utc::now()).await?;
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    })
    .await?;
    let value: Vec<_> = waiting
        .iter()
        .map(|w| {
            let i = &w.invitation;
            json!({"id": i.id, "tenant": w.tenant_name, "email": i.email, "role": i.role, "created_by": i.created_by,
                   "created_at": i.created_at, "expires_at": i.expires_at, "has_secret": w.has_secret})
        })
        .collect();
    console.answer(&value, || {
        let rows: Vec<_> = waiting
            .iter()
            .map(|w| {
                let i = &w.invitation;
                let until = i.expires_at.format("%Y-%m-%d %H:%M").to_string();
                let secret = if w.has_secret { "made" } else { "none yet" };
                let who = (i.role.to_string(), i.email.clone());
                vec![i.id.to_string(), w.tenant_name.clone(), who.0, secret.to_owned(), until, who.1]
            })
            .collect();
        table(&["ID", "TENANT", "ROLE", "SECRET", "UNTIL (UTC)", "EMAIL"], &rows)
    })
}

async fn secret(config: &Config, console: Console, id: InvitationId, tenant: &str) -> anyhow::Result<()> {
    let made = installation::with(config, async |installation| {
        let tenant = tenant_of(installation, Some(tenant)).await?;
        let scope = installation.authority.scope(tenant.id, "command line");
        let (store, authority) = (&installation.store, &installation.authority);
        match invitations::issue_secret(store, &scope, authority, id, Utc::now()).await {
            Err(StoreError::NotFound) => anyhow::bail!(
                "{} has no such open invitation; `custody invitation list` shows those that wait",
                tenant.name
            ),
            other => Ok(other?),
        }
    })
    .await?;
    let (invitation, text) = (&made.invitation, made.secret.text.as_str());
    let value = json!({"id": invitation.id, "email": invitation.email, "role": invitation.role,
                       "expires_at": invitation.expires_at, "secret": text});
    console.answer(&value, || {
        format!(
            "for {} alone, who joins as {} until {}: {text}\nit is accepted by POST /api/v1/auth/accept \
             {{\"secret\": …, \"password\": …}}",
            invitation.email,
            invitation.role,
            invitation.expires_at.format("%Y-%m-%d %H:%M UTC")
        )
    })
}
