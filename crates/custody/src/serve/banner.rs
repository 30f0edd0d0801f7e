//! What a person sees once the server runs.

use std::{fmt::Write as _, net::TcpListener, path::Path};

use chrono::Utc;
use custody_domain::TenantId;
use custody_store::one_time_secrets;

use crate::{command, config::Config, installation::Installation, sample};

/// The first operator's address: the person changes it by inviting themselves and leaving.
const OPERATOR: &str = "operator@localhost";

/// Prints the URL first (programs read it), then how to sign in and what to try.
pub(super) async fn print(
    installation: &Installation,
    listener: &TcpListener,
    config: &Config,
    with_sample: bool,
) -> anyhow::Result<()> {
    let scheme = if config.tls_cert.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    let mut text =
        format!("Custody {} is ready: {url}  (documentation: {url}/docs)\n", env!("CARGO_PKG_VERSION"));
    match installation.private_server() {
        Some(server) => writeln!(
            text,
            "  data     {} (private PostgreSQL {})",
            config.data_dir.display(),
            server.version()
        )?,
        None => writeln!(text, "  data     DATABASE_URL; keys in {}", config.data_dir.display())?,
    }
    let program = program();
    let place = place(config);
    let mut once = Vec::new();
    let scope = installation.authority.scope(TenantId::RESERVED, "first start");
    let (store, authority) = (&installation.store, &installation.authority);
    let operator = one_time_secrets::first_operator(store, &scope, authority, OPERATOR, Utc::now()).await?;
    if let Some((email, secret)) = operator.and_then(|o| Some((o.email, o.one_time_secret?))) {
        once.push((email, "operator: makes tenants", secret));
    }
    if with_sample {
        for (email, secret) in sample::sign_ins(installation).await? {
            once.push((email, "admin of a sample tenant", secret));
        }
    }
    if !once.is_empty() {
        writeln!(text, "\nSign in once with one of these, within 24 hours, and set a password:")?;
        for (email, what, secret) in &once {
            writeln!(text, "  {email}  {}  ({what})", secret.text.as_str())?;
        }
        let (email, _, secret) = once.last().unwrap_or(&once[0]);
        let body = serde_json::json!({"email": email, "password": secret.text.as_str()});
        writeln!(text, "  curl -s {url}/api/v1/auth/login -H 'content-type: application/json' -d '{body}'")?;
    }
    let tenant = if with_sample { sample::TENANT } else { "NAME" };
    let token = format!("$({program} token issue{place} --tenant {tenant} --role auditor)");
    writeln!(text, "\nTry:")?;
    writeln!(text, "  curl -s -H \"Authorization: Bearer {token}\" '{url}/api/v1/logs?limit=3'")?;
    writeln!(text, "  {program} search 'outcome:failure' --limit 5 --url {url} --token \"{token}\"")?;
    writeln!(text, "\nCtrl-C stops it, and the database with it.")?;
    command::print(text.trim_end())
}

pub(super) fn print_worker() -> anyhow::Result<()> {
    command::print(&format!(
        "Custody {} works: followers and housekeeping, no API",
        env!("CARGO_PKG_VERSION")
    ))
}

/// This program, as short as the shell will find it.
fn program() -> String {
    let Ok(program) = std::env::current_exe() else { return "custody".to_owned() };
    let here = std::env::current_dir().unwrap_or_default();
    match program.strip_prefix(&here) {
        Ok(relative) => format!("./{}", relative.display()),
        Err(_) => program.display().to_string(),
    }
}

/// The flag that leads a command to the same data.
fn place(config: &Config) -> String {
    let path = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
    let here = std::env::current_dir().unwrap_or_default();
    let short = path.strip_prefix(&here).map_or(path.as_path(), Path::new);
    format!(" --data-dir {}", short.display())
}
