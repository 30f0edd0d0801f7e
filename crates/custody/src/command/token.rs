//! `custody token`

use std::process::ExitCode;

use chrono::{TimeDelta, Utc};
use clap::Subcommand;
use custody_auth::Role;
use custody_domain::{TenantId, TokenId};
use custody_store::{PageRequest, StoreError, issued_tokens};
use serde_json::json;

use super::{Console, print, role_of, table, tenant_for, tenant_of};
use crate::{config::Config, installation};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Issues a token and prints it, and nothing else.
    Issue {
        /// A tenant's name or id; not for an operator.
        #[arg(long, required_if_eq_any([("role", "admin"), ("role", "auditor"), ("role", "user"), ("role", "writer")]))]
        tenant: Option<String>,
        /// admin, auditor, user, writer or operator.
        ///
        /// An admin may do all there is within the tenant, an auditor read all of it, a user record and read
        /// what they recorded, a writer record alone. An operator makes tenants and sees no tenant's data.
        #[arg(long, value_parser = role_of)]
        role: Role,
        /// How long it is good: 30m, 24h, 7d; at most 366d.
        #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = duration_of)]
        ttl: TimeDelta,
        /// What it is for; lists and the log say so.
        #[arg(long, default_value = "command line")]
        name: String,
    },
    /// Lists the tokens that this command issued: a tenant's, or the operators'.
    List {
        /// A tenant's name or id (default: the operators').
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Ends a token's life; servers know it within 5 seconds.
    Revoke {
        /// Its id, as `token list` shows it.
        id: TokenId,
        /// The tenant that it is for (default: the operators').
        #[arg(long)]
        tenant: Option<String>,
    },
}

impl TokenCommand {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        match self {
            Self::Issue { tenant, role, ttl, name } => {
                let new = issued_tokens::NewIssuedToken { name, role, lifetime: ttl };
                issue(config, console, tenant, new).await?;
            }
            Self::List { tenant } => list(config, console, tenant).await?,
            Self::Revoke { id, tenant } => revoke(config, console, id, tenant).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn issue(
    config: &Config,
    console: Console,
    tenant: Option<String>,
    new: issued_tokens::NewIssuedToken,
) -> anyhow::Result<()> {
    let (issued, minted) = installation::with(config, async |installation| {
        let tenant = tenant_for(installation, tenant.as_deref(), new.role).await?;
        let scope = installation.authority.scope(tenant.id, "command line");
        Ok(issued_tokens::create(&installation.store, &installation.tokens, &scope, new, Utc::now()).await?)
    })
    .await?;
    let value = json!({"id": issued.id, "token": minted.token.as_str(), "role": issued.role, "expires_at": issued.expires_at});
    console.answer(&value, || minted.token.to_string())
}

async fn list(config: &Config, console: Console, tenant: Option<String>) -> anyhow::Result<()> {
    let tokens = installation::with(config, async |installation| {
        let tenant = tenant_of(installation, tenant.as_deref()).await?;
        let scope = installation.authority.scope(tenant.id, "command line");
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let request = PageRequest::new(PageRequest::LIMIT_MAX, after);
            let page = issued_tokens::list(&installation.store, &scope, request).await?;
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    })
    .await?;
    let value: Vec<_> = tokens
        .iter()
        .map(|t| {
            json!({"id": t.id, "name": t.name, "role": t.role, "created_by": t.created_by, "created_at": t.created_at,
                   "expires_at": t.expires_at, "revoked_at": t.revoked_at})
        })
        .collect();
    let now = Utc::now();
    console.answer(&value, || {
        let state = |t: &issued_tokens::IssuedToken| match t.revoked_at {
            Some(_) => "revoked",
            None if t.expires_at <= now => "expired",
            None => "good",
        };
        let rows: Vec<_> = tokens
            .iter()
            .map(|t| {
                let until = t.expires_at.format("%Y-%m-%d %H:%M").to_string();
                vec![t.id.to_string(), t.role.to_string(), state(t).to_owned(), until, t.name.clone()]
            })
            .collect();
        table(&["ID", "ROLE", "STATE", "UNTIL (UTC)", "NAME"], &rows)
    })
}

async fn revoke(
    config: &Config,
    console: Console,
    id: TokenId,
    tenant: Option<String>,
) -> anyhow::Result<()> {
    installation::with(config, async |installation| {
        let tenant = tenant_of(installation, tenant.as_deref()).await?;
        let scope = installation.authority.scope(tenant.id, "command line");
        match issued_tokens::revoke(&installation.store, &scope, id, Utc::now()).await {
            Err(StoreError::NotFound) if tenant.id == TenantId::RESERVED => {
                anyhow::bail!("the operators have no such token; --tenant NAME ends one of a tenant's")
            }
            Err(StoreError::NotFound) => {
                anyhow::bail!("{} has no such token, or it was revoked before", tenant.name)
            }
            other => Ok(other?),
        }
    })
    .await?;
    if console.json { print(&json!({"revoked": id}).to_string()) } else { print(&format!("revoked {id}")) }
}

/// `90s`, `30m`, `24h`, `7d`.
fn duration_of(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "a number and a unit: 30m, 24h, 7d".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let duration = match unit {
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        _ => None,
    };
    duration.filter(|duration| *duration > TimeDelta::zero()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration_of("24h"), Ok(TimeDelta::hours(24)));
        assert_eq!(duration_of("90s"), Ok(TimeDelta::seconds(90)));
        for bad in ["", "h", "24", "-1h", "0d", "1w", "99999999999999999d", "é"] {
            assert!(duration_of(bad).is_err(), "{bad}");
        }
    }
}
