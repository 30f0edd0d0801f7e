//! `custody user`

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Subcommand;
use custody_auth::{Role, RowGrant, SecretKind};
use custody_domain::TenantId;
use custody_store::{IdentityError, StoreError, one_time_secrets, users};
use serde_json::json;

use super::{Console, role_of};
use crate::{config::Config, installation};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Makes a person a member of a tenant; a new one gets a one-time sign-in.
    Create {
        /// Their address, by which they sign in.
        email: String,
        /// A tenant's name or id; not for an operator.
        #[arg(long)]
        tenant: Option<String>,
        /// admin, auditor, user, writer or operator.
        ///
        /// An admin may do all there is within the tenant, an auditor read all of it, a user record and read
        /// what they recorded, a writer record alone. An operator makes tenants and sees no tenant's data.
        #[arg(long, value_parser = role_of)]
        role: Role,
        /// Of an auditor: a query; the entries that it matches are all that they read.
        #[arg(long, value_name = "QUERY", value_parser = RowGrant::parse)]
        grant: Option<RowGrant>,
    },
    /// Takes a person's password and sessions away and gives a new one-time sign-in.
    Reset {
        /// Their address.
        email: String,
    },
}

impl UserCommand {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        match self {
            Self::Create { email, tenant, role, grant } => {
                create(config, console, email, tenant, (role, grant)).await?;
            }
            Self::Reset { email } => reset(config, console, &email).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn create(
    config: &Config,
    console: Console,
    email: String,
    tenant: Option<String>,
    (role, row_grant): (Role, Option<RowGrant>),
) -> anyhow::Result<()> {
    let granted = row_grant.clone();
    let (created, tenant) = installation::with(config, async |installation| {
        let tenant = super::tenant_for(installation, tenant.as_deref(), role).await?;
        let scope = installation.authority.scope(tenant.id, "command line");
        let new = users::NewUser { email, tenant: tenant.id, role, row_grant };
        let created =
            users::create(&installation.store, &scope, &installation.authority, new, Utc::now()).await?;
        Ok((created, tenant))
    })
    .await?;
    let grant = granted.as_ref().map(RowGrant::text);
    let secret = created.one_time_secret.as_ref().map(|secret| secret.text.as_str());
    let value = json!({"id": created.user, "email": created.email, "tenant": tenant.name, "role": role, "grant": grant, "one_time_secret": secret});
    console.answer(&value, || {
        let made = match role {
            Role::Operator => format!("{} is an operator now", created.email),
            role => {
                let reads = grant.map(|grant| format!(", and reads {grant}")).unwrap_or_default();
                format!("{} is {role} of {} now{reads}", created.email, tenant.name)
            }
        };
        match secret {
            Some(secret) => format!("{made}\n{}", once(secret, Utc::now())),
            None => format!("{made}\nthey sign in with the password that they have"),
        }
    })
}

async fn reset(config: &Config, console: Console, email: &str) -> anyhow::Result<()> {
    let secret = installation::with(config, async |installation| {
        let scope = installation.authority.scope(TenantId::RESERVED, "command line");
        let (store, authority) = (&installation.store, &installation.authority);
        match one_time_secrets::reset(store, &scope, authority, email, Utc::now()).await {
            Err(IdentityError::Store(StoreError::NotFound)) => {
                anyhow::bail!("there is nobody with the address {email:?}")
            }
            other => Ok(other?),
        }
    })
    .await?;
    let text = secret.text.as_str();
    console.answer(&json!({"email": email, "one_time_secret": text}), || once(text, Utc::now()))
}

fn once(secret: &str, now: DateTime<Utc>) -> String {
    let until = now + SecretKind::OneTime.lifetime();
    format!("signs in once, in place of a password, until {}: {secret}", until.format("%Y-%m-%d %H:%M UTC"))
}
