//! `custody doctor`

use std::process::ExitCode;

use custody_store::{
    DatabaseConfig,
    embedded::{
        Layout,
        doctor::{self, Examination, Finding, Level},
    },
    server_version,
};
use serde_json::json;

use super::Console;
use crate::{config::Config, installation};

pub(crate) async fn run(config: &Config, console: Console) -> anyhow::Result<ExitCode> {
    let private = installation::private(config);
    let key_file = Layout::new(&config.data_dir).key_file();
    let examination = Examination {
        data_dir: &config.data_dir,
        config: &private,
        key_file: Some(&key_file),
        backups: None,
        own_database: config.database_url.is_some(),
    };
    let mut findings = doctor::examine(&examination).await;
    if let Some(url) = &config.database_url {
        findings.push(database(&installation::pools(config, url)).await);
    }
    let value: Vec<_> = findings
        .iter()
        .map(|f| json!({"level": word(f.level), "what": f.what, "detail": f.detail, "fix": f.fix}))
        .collect();
    console.answer(&value, || {
        let lines = findings.iter().map(|f| {
            let fix =
                if f.fix.is_empty() { String::new() } else { format!("\n        to mend it: {}", f.fix) };
            format!("{:<5} {}: {}{fix}", word(f.level), f.what, f.detail)
        });
        lines.collect::<Vec<_>>().join("\n")
    })?;
    let bad = findings.iter().any(|f| f.level == Level::Bad);
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Whether `DATABASE_URL` leads to a database that can be used.
async fn database(config: &DatabaseConfig) -> Finding {
    let what = "database";
    match server_version(config).await {
        Ok(version) => {
            let detail = format!("DATABASE_URL answers: PostgreSQL {version}");
            Finding { level: Level::Ok, what, detail, fix: String::new() }
        }
        Err(error) => Finding {
            level: Level::Bad,
            what,
            detail: format!("DATABASE_URL does not answer: {error}"),
            fix: "check its host, port, user and password, and that the server runs".to_owned(),
        },
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Bad => "BAD",
    }
}
