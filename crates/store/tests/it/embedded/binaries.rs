//! Which programs run the server, and what is said where none can.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use custody_store::embedded::binaries::{self, BinariesError, Config, Origin};

use super::room::{Room, THIS_PROGRAM};

/// A folder whose programs answer with a version and can do nothing else.
fn pretend(dir: &Path, version: &str) -> PathBuf {
    fs::create_dir_all(dir).unwrap();
    for program in ["initdb", "postgres"] {
        let path = dir.join(program);
        fs::write(&path, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    dir.to_owned()
}

fn named(dir: &Path) -> Config {
    let mut config = Config::default();
    config.bin_dir = Some(dir.to_owned());
    config
}

#[tokio::test]
async fn this_machine_has_a_server() {
    let mut config = Config::default();
    config.fetch = false;
    let found = binaries::find(&config, None, None).await.unwrap();
    assert!(found.version.major >= binaries::MAJOR_MIN && found.origin != Origin::Fetched, "{found:?}");
    let named = binaries::find(&named(&found.bin_dir), None, None).await.unwrap();
    assert_eq!((named.version, named.origin), (found.version, Origin::Named));
}

#[tokio::test]
async fn programs_that_were_named_are_used_or_refused_never_replaced() {
    let room = Room::new();
    let error = binaries::find(&named(&room.dir), None, None).await.unwrap_err();
    assert!(error.to_string().contains("there is no `initdb` in it"), "{error}");
    let old = pretend(&room.dir.join("old"), "14.9 (Debian 14.9-1)");
    let error = binaries::find(&named(&old), None, None).await.unwrap_err();
    assert!(matches!(error, BinariesError::TooOld { .. }), "{error}");
    let broken = pretend(&room.dir.join("broken"), "?");
    fs::write(broken.join("postgres"), "#!/bin/sh\necho no; exit 3\n").unwrap();
    let error = binaries::find(&named(&broken), None, None).await.unwrap_err();
    assert!(error.to_string().contains("failed"), "{error}");
    let newer = pretend(&room.dir.join("newer"), "21.2");
    assert_eq!(binaries::find(&named(&newer), None, None).await.unwrap().version.major, 21);
}

#[tokio::test]
async fn a_cluster_is_opened_by_its_own_major_version_only() {
    let room = Room::new();
    room.start().await.stop().await;
    let mut config = super::room::config();
    config.binaries = named(&pretend(&room.dir.join("other"), "18.1"));
    let data_dir = room.open().await;
    let error = custody_store::embedded::Server::start(data_dir, &config, &room.keys()).await.unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("was made by PostgreSQL")
            && words.contains("18.1")
            && words.contains("apt install postgresql-"),
        "{words}"
    );
}

const OFFLINE: &str = "CUSTODY_TEST_OFFLINE_ROOM";

/// In a process of its own, since a proxy is a matter of the environment.
#[tokio::test]
#[ignore = "the other process of the next test"]
async fn offline_process() {
    let Some(room) = std::env::var_os(OFFLINE) else { return };
    let mut config = Config::default();
    config.look_around = false;
    let error = binaries::find(&config, None, Some(Path::new(&room))).await.unwrap_err();
    fs::write(Path::new(&room).join("said"), error.to_string()).unwrap();
}

#[tokio::test]
async fn a_machine_without_programs_and_network_is_told_what_to_install() {
    let room = Room::new();
    let nowhere = "http://127.0.0.1:9";
    let status = Command::new(THIS_PROGRAM)
        .args(["--exact", "embedded::binaries::offline_process", "--ignored"])
        .env(OFFLINE, &room.dir)
        .envs([("HTTPS_PROXY", nowhere), ("https_proxy", nowhere), ("NO_PROXY", ""), ("no_proxy", "")])
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    let said = fs::read_to_string(room.dir.join("said")).unwrap();
    assert!(
        said.contains("could not be fetched")
            && said.contains("apt install postgresql")
            && said.contains("DATABASE_URL"),
        "{said}"
    );
}

/// 15 MB from Maven Central: on request only.
#[tokio::test]
async fn a_fetched_release_serves() {
    if std::env::var_os("CUSTODY_TEST_FETCH").is_none() {
        return;
    }
    let room = Room::new();
    let mut config = super::room::config();
    config.binaries.look_around = false;
    config.binaries.fetch = true;
    for _ in ["fetched", "there already"] {
        let server =
            custody_store::embedded::Server::start(room.open().await, &config, &room.keys()).await.unwrap();
        assert_eq!(server.version(), "17.11");
        assert_eq!(super::room::ask(server.url(), "SELECT current_setting('server_version')").await, "17.11");
        server.stop().await;
    }
    room.nothing_is_left().await;
}
