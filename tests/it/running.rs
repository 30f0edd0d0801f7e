//! Starting and stopping with the private PostgreSQL: what is left behind, and what is said when it
//! cannot start.

use std::path::Path;

use custody_testkit::eventually;

use crate::support::{
    Server,
    server::{Options, readable_temp_dir, signal},
};

/// Processes whose command line or working directory names this folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let read = |pid: &str, what: &str| std::fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
        .filter_map(|pid| {
            let command = String::from_utf8_lossy(&read(&pid, "cmdline")).replace('\0', " ");
            let cwd = std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
            (command.contains(folder) || cwd.starts_with(folder)).then(|| format!("{pid} {command}"))
        })
        .collect()
}

async fn embedded(folder: &Path) -> Server {
    Server::start(Options { data: Some(folder.join("data")), ..Options::default() }).await
}

#[tokio::test]
async fn a_signal_stops_everything_and_a_second_start_finds_everything() {
    let folder = readable_temp_dir();
    let server = embedded(folder.path()).await;
    let tenant = server.tenant().await;
    let receipt = tenant.write("kept.entry").await;
    assert!(!processes_of(folder.path()).is_empty());
    assert!(server.terminate().await.success());
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());

    let server = embedded(folder.path()).await;
    let auditor = server.anonymous().with_token(tenant.auditor.bearer());
    let entry = auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(entry["leaf_hash"], receipt["leaf_hash"]);
    signal(server.pid(), "INT");
    assert!(server.stop().await.success());
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_second_serve_on_the_same_data_says_who_holds_it() {
    let folder = readable_temp_dir();
    let server = embedded(folder.path()).await;
    let second = Options { data: Some(folder.path().join("data")), ..Options::default() };
    let said = Server::try_start(second).await.unwrap_err();
    assert!(said.contains(&server.pid().to_string()), "{said}");
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn the_operator_s_verbs_work_while_the_server_runs_and_while_it_does_not() {
    let folder = readable_temp_dir();
    let server = embedded(folder.path()).await;
    server.custody(&["tenant", "create", "while-running"]).await;
    let list = server.command(&["--json", "tenant", "list"]);
    assert!(server.stop().await.success());
    let mut list = list;
    let output = list.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("while-running"));
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_port_in_use_is_said_with_the_way_out() {
    let folder = readable_temp_dir();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let options = Options { data: Some(folder.path().join("data")), flags: vec![], ..Options::default() };
    let options = Options { flags: vec![format!("--listen={address}")], ..options };
    let said = Server::try_start(options).await.unwrap_err();
    assert!(said.contains(&address) && said.contains("in use"), "{said}");
    assert!(said.contains("--listen"), "{said}");
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn data_of_a_newer_version_is_left_alone() {
    let folder = readable_temp_dir();
    let server = embedded(folder.path()).await;
    assert!(server.stop().await.success());
    let version = folder.path().join("data/VERSION");
    assert!(version.is_file(), "the data directory names its version");
    std::fs::write(&version, "custody data directory, layout 999\n").unwrap();
    let options = Options { data: Some(folder.path().join("data")), ..Options::default() };
    let said = Server::try_start(options).await.unwrap_err();
    assert!(said.contains("newer"), "{said}");
}

#[tokio::test]
async fn a_master_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = readable_temp_dir();
    let server = embedded(folder.path()).await;
    assert!(server.stop().await.success());
    let key = folder.path().join("data/master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let options = Options { data: Some(folder.path().join("data")), ..Options::default() };
    let said = Server::try_start(options).await.unwrap_err();
    assert!(said.contains("chmod 600"), "{said}");
}

#[tokio::test]
async fn the_doctor_says_what_it_found() {
    let folder = readable_temp_dir();
    let server = embedded(folder.path()).await;
    let said = server.custody(&["doctor"]).await;
    for word in ["PostgreSQL", "master key", "volume"] {
        assert!(said.contains(word), "{word} in {said}");
    }
    let findings = server.custody_json(&["doctor"]).await;
    assert!(findings.as_array().unwrap().len() > 3);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn a_database_server_that_dies_is_started_again() {
    let folder = readable_temp_dir();
    let server = embedded(folder.path()).await;
    let tenant = server.tenant().await;
    tenant.write("before").await;
    let pid_file = folder.path().join("data/database/cluster/postmaster.pid");
    let pid: u32 = std::fs::read_to_string(pid_file).unwrap().lines().next().unwrap().parse().unwrap();
    signal(pid, "KILL");
    eventually("the server writes again", || async {
        let entry = serde_json::json!({"action": "after", "actor": {"id": "u"}});
        let answer = tenant.writer.post("/api/v1/logs", &entry).await;
        assert!(answer.status == 201 || answer.status == 503, "{}", answer.status);
        (answer.status == 201).then_some(())
    })
    .await;
    assert!(server.stop().await.success());
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());
}
