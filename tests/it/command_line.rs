//! The command line as a person meets it: help, configuration, exit codes.

use serde_json::Value;

use crate::support::shared;

#[tokio::test]
async fn usage_errors_exit_with_2_and_others_with_1() {
    let server = shared().await;
    for (args, code) in [
        (vec!["frobnicate"], 2),
        (vec!["token", "issue", "--role", "emperor"], 2),
        (vec!["token", "issue", "--role", "admin"], 2),
        (vec!["tenant", "create", "Not A Slug!"], 1),
        (vec!["token", "issue", "--tenant", "nowhere", "--role", "admin"], 1),
        (vec!["config", "--listen", "nonsense"], 1),
    ] {
        let output = server.command(&args).output().await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty(), "{args:?} writes errors to standard output");
    }
}

#[tokio::test]
async fn config_says_where_each_value_came_from() {
    let server = shared().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("custody.toml");
    std::fs::write(&file, "drain_seconds = 7\npool_app = 3\ntrusted_proxies = [\"10.0.0.0/8\"]\n").unwrap();
    let args = ["--json", "--config", file.to_str().unwrap(), "--pool-app", "4", "config"];
    let output = server.command(&args).env("CUSTODY_LOG", "debug").output().await.unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let row = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap();
    assert_eq!(row("drain_seconds")["value"], "7");
    assert!(row("drain_seconds")["source"].as_str().unwrap().contains("custody.toml"));
    assert_eq!(row("pool_app")["value"], "4");
    assert_eq!(row("pool_app")["source"], "flag --pool-app");
    assert_eq!(row("log")["source"], "environment CUSTODY_LOG");
    assert_eq!(row("listen")["source"], "default");
    let database = row("database_url");
    assert!(!database.to_string().contains("custody_test:"), "{database}");
}

#[tokio::test]
async fn a_misspelt_setting_in_the_file_is_refused() {
    let server = shared().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("custody.toml");
    std::fs::write(&file, "listn = \"127.0.0.1:1\"\n").unwrap();
    let output = server.command(&["--config", file.to_str().unwrap(), "config"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("listn"));
}

#[tokio::test]
async fn the_doctor_asks_the_database_that_it_was_given() {
    let server = shared().await;
    let said = server.custody(&["doctor"]).await;
    assert!(said.contains("DATABASE_URL answers: PostgreSQL"), "{said}");
    let mut command = server.command(&["doctor"]);
    command.env("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/none");
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("BAD") && said.contains("does not answer"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[tokio::test]
async fn tokens_are_listed_and_revoked() {
    let server = shared().await;
    let tenant = server.tenant().await;
    tenant.auditor.get("/api/v1/logs").await.expect(200);
    let tokens = server.custody_json(&["token", "list", "--tenant", &tenant.name]).await;
    let token = tokens.as_array().unwrap().iter().find(|t| t["role"] == "auditor").unwrap();
    server.custody(&["token", "revoke", token["id"].as_str().unwrap(), "--tenant", &tenant.name]).await;
    custody_testkit::eventually("the token stops working", || async {
        (tenant.auditor.get("/api/v1/logs").await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_configuration_reference_is_the_binary_s() {
    let server = shared().await;
    let table = server.custody(&["config", "--markdown"]).await;
    let page = include_str!("../../docs/configuration.md");
    for line in table.lines() {
        assert!(page.contains(line), "docs/configuration.md lacks: {line}\n(custody config --markdown)");
    }
}
