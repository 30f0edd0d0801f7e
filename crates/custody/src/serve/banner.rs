//! What a person sees once the server runs.

use std::{fmt::Write as _, net::TcpListener, path::Path};

use chrono::Utc;
use custody_auth::NewSecret;
use custody_domain::TenantId;
use custody_store::{PageRequest, one_time_secrets, tenants};

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
            "  its data is in {} (private PostgreSQL {})",
            config.data_dir.display(),
            server.version()
        )?,
        None => {
            writeln!(text, "  its data is in DATABASE_URL, its keys are in {}", config.data_dir.display())?;
        }
    }
    let scope = installation.authority.scope(TenantId::RESERVED, "first start");
    let (store, authority) = (&installation.store, &installation.authority);
    let operator = one_time_secrets::first_operator(store, &scope, authority, OPERATOR, Utc::now()).await?;
    let mut once = Vec::new();
    if let Some((email, secret)) = operator.and_then(|o| Some((o.email, o.one_time_secret?))) {
        once.push((email, secret, "operator: makes tenants"));
    }
    if with_sample {
        let admins = sample::sign_ins(installation).await?;
        once.extend(admins.into_iter().map(|(email, secret)| (email, secret, "admin of a sample tenant")));
    }
    sign_in(&mut text, &url, &once)?;
    let tenants = tenants::list_all(store, authority, PageRequest::new(2, None)).await?.items;
    let tenant = tenants.iter().find(|tenant| tenant.id != TenantId::RESERVED);
    try_out(&mut text, &url, config, tenant.map(|tenant| tenant.name.as_str()))?;
    let and_more = if installation.private_server().is_some() { ", and the database with it" } else { "" };
    writeln!(text, "\nCtrl-C stops it{and_more}.")?;
    command::print(text.trim_end())
}

/// Who may sign in by a secret, and how; the example is a tenant's admin, who has entries to see.
fn sign_in(text: &mut String, url: &str, once: &[(String, NewSecret, &str)]) -> std::fmt::Result {
    let an_admin = once.iter().find(|(email, ..)| email != OPERATOR);
    let Some((email, secret, _)) = an_admin.or(once.first()) else { return Ok(()) };
    writeln!(text, "\nSign in with one of these, once, within 24 hours, and set a password:")?;
    let width = once.iter().map(|(email, ..)| email.len()).max().unwrap_or(0);
    for (email, secret, what) in once {
        writeln!(text, "  {email:<width$}  {}  {what}", secret.text.as_str())?;
    }
    let body = serde_json::json!({"email": email, "password": secret.text.as_str()});
    writeln!(text, "  curl -s {url}/api/v1/auth/login -H 'content-type: application/json' -d '{body}'")?;
    writeln!(text, "  then, with its access_token: POST /api/v1/auth/password {{\"password\": …}}")
}

/// Lines to paste into another terminal.
fn try_out(text: &mut String, url: &str, config: &Config, tenant: Option<&str>) -> std::fmt::Result {
    let (program, place) = (program(), place(config));
    writeln!(text, "\nTry, in another terminal:")?;
    if tenant.is_none() {
        writeln!(text, "  {program} tenant create acme{place}")?;
    }
    let tenant = tenant.unwrap_or("acme");
    writeln!(text, "  export CUSTODY_URL={url}")?;
    writeln!(text, "  export CUSTODY_TOKEN=$({program} token issue{place} --tenant {tenant} --role admin)")?;
    writeln!(text, "  {program} search --limit 5 'outcome:failure'")?;
    writeln!(
        text,
        "  curl -s -H \"Authorization: Bearer $CUSTODY_TOKEN\" \"$CUSTODY_URL/api/v1/logs?limit=3\""
    )
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
    // `target` may lead to where builds are kept.
    let target = here.join("target");
    let built = target.canonicalize().unwrap_or_else(|_| target.clone());
    if let Ok(rest) = program.strip_prefix(&built) {
        return format!("target/{}", rest.display());
    }
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
