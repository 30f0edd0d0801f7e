//! `custody user`

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Subcommand;
use custody_auth::{Role, SecretKind};
use custody_domain::TenantId;
use custody_store::{one_time_secrets, users};
use serde_json::json;

use super::{Console, role_of};
use crate::{config::Config, installation};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Makes a person a member of a tenant; a new one gets a one-time sign-in.
    Create {
        email: String,
        /// A tenant's name or id; not for an operator.
        #[arg(long)]
        tenant: Option<String>,
        /// admin, auditor, user, writer or operator.
        #[arg(long, value_parser = role_of)]
        role: Role,
    },
    /// Takes a person's password and sessions away and gives a new one-time sign-in.
    Reset { email: String },
}

impl UserCommand {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        match self {
            Self::Create { email, tenant, role } => create(config, console, email, tenant, role).await?,
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
    role: Role,
) -> anyhow::Result<()> {
    let (created, tenant) = installation::with(config, async |installation| {
        let tenant = super::tenant_of(installation, tenant.as_deref(), role).await?;
        let scope = installation.authority.scope(tenant.id, "command line");
        let new = users::NewUser { email, tenant: tenant.id, role };
        let created =
            users::create(&installation.store, &scope, &installation.authority, new, Utc::now()).await?;
        Ok((created, tenant))
    })
    .await?;
    let secret = created.one_time_secret.as_ref().map(|secret| secret.text.as_str());
    let value = json!({"id": created.user, "email": created.email, "tenant": tenant.name, "role": role, "one_time_secret": secret});
    console.answer(&value, || match secret {
        Some(secret) => {
            format!("made {} {role} of {}\n{}", created.email, tenant.name, once(secret, Utc::now()))
        }
        None => format!(
            "made {} {role} of {}; they sign in with the password that they have",
            created.email, tenant.name
        ),
    })
}

async fn reset(config: &Config, console: Console, email: &str) -> anyhow::Result<()> {
    let secret = installation::with(config, async |installation| {
        let scope = installation.authority.scope(TenantId::RESERVED, "command line");
        let (store, authority) = (&installation.store, &installation.authority);
        Ok(one_time_secrets::reset(store, &scope, authority, email, Utc::now()).await?)
    })
    .await?;
    let text = secret.text.as_str();
    console.answer(&json!({"email": email, "one_time_secret": text}), || once(text, Utc::now()))
}

fn once(secret: &str, now: DateTime<Utc>) -> String {
    let until = now + SecretKind::OneTime.lifetime();
    format!("signs in once, instead of a password, until {}: {secret}", until.format("%Y-%m-%d %H:%M UTC"))
}
