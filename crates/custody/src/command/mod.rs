//! The operator's verbs. They find the database by the data directory or `DATABASE_URL`, while the
//! server runs and while it does not.

pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod keys;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod tenant;
pub(crate) mod token;
pub(crate) mod user;

use anyhow::Context as _;
use custody_auth::Role;
use custody_domain::TenantId;
use custody_store::{
    StoreError,
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
            let causes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
            eprintln!("{}", serde_json::json!({"error": error.to_string(), "causes": causes}));
            return;
        }
        eprintln!("custody: {error}");
        for cause in error.chain().skip(1) {
            eprintln!("  because {cause}");
        }
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

/// The tenant that a command names; an operator's place is the reserved one.
pub(crate) async fn tenant_of(
    installation: &Installation,
    named: Option<&str>,
    role: Role,
) -> anyhow::Result<Tenant> {
    let reserved = TenantId::RESERVED.to_string();
    let name = match (named, role) {
        (Some(name), _) => name,
        (None, Role::Operator) => &reserved,
        (None, role) => anyhow::bail!("a {role} needs a tenant: --tenant NAME"),
    };
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
