//! The operator's verbs. They find the database by the data directory or `DATABASE_URL`, while the
//! server runs and while it does not.

pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod invitation;
pub(crate) mod keys;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod rebuild;
pub(crate) mod run_job;
pub(crate) mod scan;
pub(crate) mod schedule;
pub(crate) mod tenant;
pub(crate) mod token;
pub(crate) mod user;

use anyhow::Context as _;
use custody_auth::Role;
use custody_domain::TenantId;
use custody_store::{
    IdentityError, StoreError,
    tenants::{self, Tenant},
};
use serde::Serialize;

use crate::installation::Installation;

/// Where a command's answer goes, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    pub(crate) json: bool,
}

impl Console {
    /// One answer: `text` for a person, `value` for a program.
    pub(crate) fn answer(self, value: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let out = if self.json { serde_json::to_string_pretty(value)? } else { text() };
        print(&out)
    }

    /// An error with its causes, on standard error.
    pub(crate) fn error(self, error: &anyhow::Error) {
        if self.json {
            let causes: Vec<_> = error.chain().skip(1).map(said).collect();
            eprintln!("{}", serde_json::json!({"error": said(error.as_ref()), "causes": causes}));
            return;
        }
        let mut last = said(error.as_ref());
        eprintln!("custody: {last}");
        for cause in error.chain().skip(1).map(said) {
            // Many errors end with the words of what they came from.
            if !last.ends_with(&cause) {
                eprintln!("  because {cause}");
            }
            last = cause;
        }
    }
}

/// An error in the command line's words: what a request calls `/ttl` was given as `--ttl`.
fn said(error: &(dyn std::error::Error + 'static)) -> String {
    let Some(IdentityError::Invalid { pointer, detail }) = error.downcast_ref() else {
        return error.to_string();
    };
    match *pointer {
        "/admin_email" => format!("--admin: {detail}"),
        "/role" | "/ttl" => format!("--{}: {detail}", pointer.trim_start_matches('/')),
        _ => format!("{}: {detail}", pointer.trim_start_matches('/')),
    }
}

/// A line to standard output; a reader that went away (`| head`) is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Columns, left-aligned, two spaces apart.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..header.len())
        .map(|i| rows.iter().map(|row| row[i].chars().count()).chain([header[i].len()]).max().unwrap_or(0))
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<_> = cells.zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut header.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

/// The tenant that somebody with this role is to act in; an operator's place is the reserved one.
pub(crate) async fn tenant_for(
    installation: &Installation,
    named: Option<&str>,
    role: Role,
) -> anyhow::Result<Tenant> {
    if named.is_none() && role != Role::Operator {
        anyhow::bail!("the role {role} needs a tenant: --tenant NAME");
    }
    let tenant = tenant_of(installation, named).await?;
    if role == Role::Operator && tenant.id != TenantId::RESERVED {
        anyhow::bail!("an operator belongs to no tenant: leave --tenant out");
    }
    Ok(tenant)
}

/// The tenant that a command names; without a name the reserved one, the operators' own.
pub(crate) async fn tenant_of(installation: &Installation, named: Option<&str>) -> anyhow::Result<Tenant> {
    let reserved = TenantId::RESERVED.to_string();
    let name = named.unwrap_or(&reserved);
    match tenants::find(&installation.store, &installation.authority, name).await {
        Err(StoreError::NotFound) => {
            anyhow::bail!("there is no tenant {name:?}; `custody tenant list` shows all")
        }
        other => other.context("the tenant could not be looked up"),
    }
}

/// clap's parser of a role.
pub(crate) fn role_of(text: &str) -> Result<Role, String> {
    text.parse::<Role>().map_err(|error| error.to_string())
}
