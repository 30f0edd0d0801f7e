//! `custody tenant`

use std::process::ExitCode;

use chrono::Utc;
use clap::Subcommand;
use custody_domain::TenantId;
use custody_store::{PageRequest, tenants};
use serde_json::json;

use super::{Console, table};
use crate::{config::Config, installation};

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Makes a tenant.
    Create {
        /// Its short name: small letters, digits and hyphens, at most 63.
        name: String,
        /// What people read (default: the short name).
        #[arg(long)]
        title: Option<String>,
        /// Invites this address as the first admin, and prints the invitation's secret.
        #[arg(long, value_name = "EMAIL")]
        admin: Option<String>,
    },
    /// Lists all tenants. `custody` is the operators' own.
    List,
}

impl TenantCommand {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        match self {
            Self::Create { name, title, admin } => create(config, console, name, title, admin).await?,
            Self::List => list(config, console).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn create(
    config: &Config,
    console: Console,
    name: String,
    title: Option<String>,
    admin: Option<String>,
) -> anyhow::Result<()> {
    let new = tenants::NewTenant { title: title.unwrap_or_else(|| name.clone()), name, admin_email: admin };
    let created = installation::with(config, async |installation| {
        let scope = installation.authority.scope(TenantId::RESERVED, "command line");
        Ok(tenants::create(&installation.store, &scope, new, Utc::now()).await?)
    })
    .await?;
    let tenant = &created.tenant;
    let secret = created.invitation.as_ref().map(|invitation| invitation.secret.text.as_str());
    let value =
        json!({"id": tenant.id, "name": tenant.name, "title": tenant.title, "invitation_secret": secret});
    console.answer(&value, || {
        let made = format!("made the tenant {} ({})", tenant.name, tenant.id);
        match secret {
            Some(secret) => format!(
                "{made}\nthe invitation's secret, shown this once, for that person alone: {secret}\nit is accepted by POST \
                 /api/v1/auth/accept {{\"secret\": …, \"password\": …}}"
            ),
            None => made,
        }
    })
}

async fn list(config: &Config, console: Console) -> anyhow::Result<()> {
    let tenants = installation::with(config, async |installation| {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let request = PageRequest::new(PageRequest::LIMIT_MAX, after);
            let page = tenants::list_all(&installation.store, &installation.authority, request).await?;
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    })
    .await?;
    let value: Vec<_> = tenants
        .iter()
        .map(|t| json!({"id": t.id, "name": t.name, "title": t.title, "status": t.status.as_str(), "created_at": t.created_at}))
        .collect();
    console.answer(&value, || {
        let rows: Vec<_> = tenants
            .iter()
            .map(|t| vec![t.name.clone(), t.title.clone(), t.status.to_string(), t.id.to_string()])
            .collect();
        table(&["NAME", "TITLE", "STATUS", "ID"], &rows)
    })
}
