//! The command line as a person meets it: help, configuration, exit codes.

use serde_json::Value;

use crate::support::{Server, server::Options, shared};

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
async fn help_names_what_is_of_use_to_a_verb() {
    let server = shared().await;
    let help = async |args: &[&str]| server.custody(&[args, &["--help"]].concat()).await;
    let of_the_client: [&[&str]; 7] = [
        &["search"],
        &["import"],
        &["related"],
        &["verify"],
        &["quarantine", "list"],
        &["jobs", "show"],
        &["scan", "list"],
    ];
    for args in of_the_client {
        let help = help(args).await;
        assert!(
            !help.contains("--pool-writer") && !help.contains("Settings of the server"),
            "{args:?}: {help}"
        );
        assert!(help.contains("--token"), "{args:?}: {help}");
    }
    assert!(help(&["serve"]).await.contains("--pool-writer"));
    assert!(!help(&["scan"]).await.contains("--pool-writer"));
    assert!(help(&["scan", "setup"]).await.contains("--data-dir"));
    assert!(help(&["keys"]).await.contains("checkpoints"));
    let output = server.command(&["verify"]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("--server"), "{output:?}");
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

#[tokio::test]
async fn the_sample_is_two_tenants_with_events_and_a_second_start_adds_none() {
    let database = custody_testkit::TestDatabase::create().await.url().to_owned();
    let folder = crate::support::server::readable_temp_dir();
    let options = Options {
        database: Some(database),
        data: Some(folder.path().join("data")),
        flags: vec!["--sample".to_owned()],
        ..Options::default()
    };
    let size = async |server: &Server| {
        let auditor = server.token(Some("acme"), "auditor").await;
        let page = auditor.get("/api/v1/logs?limit=1&q=-action:custody.*").await.expect(200);
        page["items"][0]["seq"].as_u64().unwrap()
    };
    let server = Server::start(options.clone()).await;
    let tenants = server.custody_json(&["tenant", "list"]).await;
    let names: Vec<_> = tenants.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"acme") && names.contains(&"globex"), "{names:?}");
    let first = size(&server).await;
    assert!(first >= 1_999, "{first}");
    assert!(server.stop().await.success());
    let server = Server::start(options).await;
    assert_eq!(size(&server).await, first);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn an_entry_is_fetched_by_its_id() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let receipt = tenant.write("door.opened").await;
    let id = receipt["id"].as_str().unwrap();
    let mut get = server.command(&["get", id]);
    let output = get.env("CUSTODY_TOKEN", tenant.auditor.bearer()).output().await.unwrap();
    let entry: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(entry["action"], "door.opened");
    let mut get = server.command(&["get", &uuid::Uuid::now_v7().to_string()]);
    let output = get.env("CUSTODY_TOKEN", tenant.auditor.bearer()).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn migrating_again_changes_nothing_and_the_description_is_the_server_s() {
    let server = shared().await;
    let migrated = server.custody_json(&["migrate"]).await;
    assert_eq!(migrated["from"], migrated["to"]);
    let printed: Value = serde_json::from_str(&server.custody(&["openapi"]).await).unwrap();
    assert_eq!(printed, server.anonymous().get("/openapi.json").await.expect(200));
}

/// They have no files to do with, and a store of files that is wrong or away is none of their business.
#[tokio::test]
async fn an_operator_s_command_does_not_open_the_object_store() {
    let server = shared().await;
    for objects in ["file:///proc/no/such/folder", "s3://", "nonsense"] {
        let output =
            server.command(&["tenant", "list"]).env("CUSTODY_OBJECTS", objects).output().await.unwrap();
        assert!(output.status.success(), "{objects}: {}", String::from_utf8_lossy(&output.stderr));
        let options = Options {
            database: Some(custody_testkit::TestDatabase::create().await.url().to_owned()),
            flags: vec![format!("--objects={objects}")],
            ..Options::default()
        };
        let log = Server::try_start(options).await.unwrap_err();
        assert!(log.contains("objects"), "{objects}: {log}");
    }
}
