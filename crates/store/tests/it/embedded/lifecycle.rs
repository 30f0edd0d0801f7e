//! Starting, what is then there, stopping, and starting again.

use std::{fs, os::unix::fs::MetadataExt as _, time::Duration};

use custody_store::embedded::{Access, DataDir, Place, Purpose, State};
use custody_testkit::eventually;
use nix::unistd::{Pid, getpgid};
use walk::files_below;

use super::room::{Room, ask, config, is_alive, is_root, kill_9, run};

mod walk {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    pub(super) fn files_below(dir: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for entry in fs::read_dir(dir).unwrap().flatten() {
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => files.extend(files_below(&entry.path())),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
        files
    }
}

#[tokio::test]
async fn a_first_start_makes_a_durable_private_database() {
    let room = Room::new();
    let server = room.start().await;
    let url = server.url().to_owned();
    for (setting, value) in [
        ("SELECT current_setting('data_checksums')", "on"),
        ("SELECT current_setting('fsync')", "on"),
        ("SELECT current_setting('synchronous_commit')", "on"),
        ("SELECT current_setting('full_page_writes')", "on"),
        ("SELECT current_setting('password_encryption')", "scram-sha-256"),
        ("SELECT current_setting('listen_addresses')", ""),
        ("SELECT current_setting('max_connections')", "13"),
        ("SELECT current_user::text", "custody_owner"),
        (
            "SELECT pg_encoding_to_char(encoding)::text || ' ' || datcollate || ' ' || pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()",
            "UTF8 C custody_owner",
        ),
        (
            "SELECT concat(rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication) FROM pg_roles WHERE rolname = current_user",
            "ftfff",
        ),
        (
            "SELECT string_agg(concat(has_database_privilege(datname, 'CONNECT'), has_database_privilege(datname, 'TEMPORARY')), ' ')
             FROM pg_database WHERE datname IN ('postgres', 'template1')",
            "ff ff",
        ),
    ] {
        assert_eq!(ask(&url, setting).await, value, "{setting}");
    }
    let postmaster = room.postmaster();
    let group = getpgid(Some(Pid::from_raw(postmaster))).unwrap();
    assert_eq!(group.as_raw(), postmaster, "a terminal's Ctrl-C must not reach the server");
    let owner = fs::metadata(format!("/proc/{postmaster}")).unwrap().uid();
    assert_ne!(owner, 0, "the server never runs as root");
    assert_eq!(fs::metadata(room.layout().cluster()).unwrap().mode() & 0o777, 0o700);
    if is_root() {
        assert_eq!(
            fs::metadata(room.layout().owner_secret()).unwrap().uid(),
            0,
            "only the server's files are given away"
        );
    }
    run(&url, "CREATE TABLE kept (n int)").await;
    run(&url, "INSERT INTO kept VALUES (42)").await;
    server.stop().await;
    room.nothing_is_left().await;

    let again = room.start().await;
    assert_eq!(again.url(), url);
    assert_eq!(ask(again.url(), "SELECT n::text FROM kept").await, "42");
    again.stop().await;
    room.nothing_is_left().await;
}

#[tokio::test]
async fn passwords_are_required_and_lie_nowhere_in_clear() {
    let room = Room::new();
    let server = room.start().await;
    let url = server.url().to_owned();
    let password = url.split(['@', ':']).nth(2).unwrap().to_owned();
    assert_eq!(password.len(), 64);
    let wrong = url.replace(&password, &"0".repeat(64));
    let refused = <sqlx::PgConnection as sqlx::Connection>::connect(&wrong).await.unwrap_err();
    assert!(refused.to_string().contains("password authentication failed"), "{refused}");
    // Also while it runs: the log, the write-ahead log, the settings.
    for file in files_below(&room.data()) {
        let bytes = fs::read(&file).unwrap_or_default();
        assert!(
            !bytes.windows(64).any(|w| w == password.as_bytes()),
            "{} holds the password",
            file.display()
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_means_loopback() {
    let mut room = Room::new();
    room.dir = room.dir.join("d".repeat(60)).join("e".repeat(60));
    let server = room.start().await;
    assert!(server.url().contains("@127.0.0.1:"), "{}", "no socket");
    assert_eq!(ask(server.url(), "SELECT current_setting('listen_addresses')").await, "127.0.0.1");
    server.stop().await;
    room.nothing_is_left().await;
}

#[tokio::test]
async fn a_server_that_dies_is_started_again_under_the_same_url() {
    let room = Room::new();
    let server = room.start().await;
    run(server.url(), "CREATE TABLE kept (n int)").await;
    let mut state = server.state();
    assert_eq!(*state.borrow_and_update(), State::Ready);
    let died = room.postmaster();
    kill_9(died);
    state.wait_for(|s| matches!(s, State::Down { .. })).await.unwrap();
    let ready = tokio::time::timeout(Duration::from_secs(30), state.wait_for(|s| *s == State::Ready)).await;
    ready.expect("it is back within 30 s").unwrap();
    assert_ne!(room.postmaster(), died);
    assert_eq!(ask(server.url(), "SELECT count(*)::text FROM kept").await, "0");
    server.stop().await;
    room.nothing_is_left().await;
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_nothing() {
    let room = Room::new();
    // At the time of initdb, and again at whatever comes first after it.
    for patience_ms in [150, 600] {
        let given_up = tokio::time::timeout(Duration::from_millis(patience_ms), room.try_start()).await;
        if let Ok(server) = given_up {
            server.unwrap().stop().await;
        }
        room.nothing_is_left().await;
    }
    let server = room.start().await;
    let unfinished = fs::read_dir(room.layout().database())
        .unwrap()
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().contains("new-"))
        .count();
    assert_eq!(unfinished, 0);
    server.stop().await;
}

#[tokio::test]
async fn a_handle_that_is_dropped_stops_its_server() {
    let room = Room::new();
    let server = room.start().await;
    let postmaster = room.postmaster();
    drop(server);
    eventually("the server stops", || async { (!is_alive(postmaster)).then_some(()) }).await;
    room.nothing_is_left().await;
}

#[tokio::test]
async fn commands_attach_while_a_server_runs_and_start_one_while_none_does() {
    let room = Room::new();
    let server = room.start().await;
    let place = Place::find(&room.data()).await.unwrap();
    let access = place.database(&config(), &room.keys()).await.unwrap();
    assert!(matches!(access, Access::Attached { .. }));
    assert_eq!(access.url(), server.url());
    run(access.url(), "CREATE TABLE made_by_command ()").await;
    access.close().await;
    assert_eq!(
        ask(server.url(), "SELECT current_user::text").await,
        "custody_owner",
        "still there after the command"
    );
    server.stop().await;

    let place = Place::find(&room.data()).await.unwrap();
    let access = place.database(&config(), &room.keys()).await.unwrap();
    assert!(matches!(access, Access::Started(_)));
    assert_eq!(ask(access.url(), "SELECT count(*)::text FROM made_by_command").await, "0");
    access.close().await;
    room.nothing_is_left().await;
}

#[tokio::test]
async fn a_server_waits_for_a_command_that_holds_the_directory() {
    let room = Room::new();
    let command = DataDir::open(&room.data(), Purpose::Command).await.unwrap();
    let data = room.data();
    let server = tokio::spawn(async move { DataDir::open(&data, Purpose::Serve).await });
    tokio::task::yield_now().await;
    assert!(!server.is_finished());
    drop(command);
    server.await.unwrap().unwrap();
}
