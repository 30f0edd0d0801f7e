//! What the doctor says of healthy and of sick directories.

use std::{fs, os::unix::fs::PermissionsExt as _};

use custody_store::embedded::doctor::{Examination, Finding, Level, examine};

use super::{
    killed,
    parent::Parent,
    room::{Room, config, is_root, kill_9},
};

async fn findings(room: &Room) -> Vec<Finding> {
    let (config, key_file) = (config(), room.layout().key_file());
    let backups = room.dir.join("backups");
    let examination = Examination {
        data_dir: &room.data(),
        config: &config,
        key_file: Some(&key_file),
        backups: Some(&backups),
        own_database: false,
    };
    examine(&examination).await
}

fn of<'a>(findings: &'a [Finding], what: &str) -> &'a Finding {
    findings.iter().find(|f| f.what == what).unwrap_or_else(|| panic!("nothing about {what}: {findings:#?}"))
}

#[tokio::test]
async fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
    let room = Room::new();
    let all = findings(&room).await;
    assert!(all.iter().all(|f| f.level != Level::Bad), "{all:#?}");
    assert!(!room.data().exists());
    assert!(of(&all, "encryption at rest").detail.contains("operator"));
}

#[tokio::test]
async fn while_it_runs_the_holder_and_the_server_are_named() {
    let room = Room::new();
    let server = room.start().await;
    let all = findings(&room).await;
    assert!(all.iter().all(|f| f.level != Level::Bad), "{all:#?}");
    let holder = of(&all, "lock");
    assert!(holder.detail.contains(&format!("process {} (serve)", std::process::id())), "{holder:?}");
    let running = of(&all, "private database");
    assert_eq!(running.detail, format!("running, process {}", room.postmaster()));
    server.stop().await;
    let all = findings(&room).await;
    assert_eq!(of(&all, "private database").detail, "not running");
    assert!(of(&all, "lock").detail.starts_with("free"));
}

#[tokio::test]
async fn a_killed_pair_is_seen_and_the_next_start_is_promised_to_help() {
    let room = Room::new();
    let parent = Parent::spawn(&room);
    parent.url().await;
    let postmaster = room.postmaster();
    killed::freeze(postmaster);
    parent.kill();
    kill_9(postmaster);
    custody_testkit::eventually("it is dead", || async {
        (!super::room::is_alive(postmaster)).then_some(())
    })
    .await;
    let all = findings(&room).await;
    let found = of(&all, "private database");
    assert_eq!(found.level, Level::Warn);
    assert!(found.fix.contains("next start"), "{found:?}");
    room.nothing_is_left().await;
}

#[tokio::test]
async fn an_exposed_key_a_shared_volume_and_an_open_directory_come_with_their_fix() {
    let room = Room::new();
    drop(room.open().await);
    drop(room.keys());
    fs::set_permissions(room.layout().key_file(), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(room.data(), fs::Permissions::from_mode(0o777)).unwrap();
    let all = findings(&room).await;
    let key = of(&all, "master key file");
    assert_eq!(
        (key.level, key.fix.as_str()),
        (Level::Bad, &*format!("chmod 600 '{}'", room.layout().key_file().display()))
    );
    assert_eq!(of(&all, "data directory").level, Level::Bad);
    let volumes = of(&all, "key and backups");
    assert_eq!(volumes.level, Level::Warn);
    assert!(volumes.fix.contains("another volume"));
}

#[tokio::test]
async fn a_closed_way_is_named() {
    if !is_root() {
        return; // the server runs as oneself then
    }
    let mut room = Room::new();
    let closed = room.dir.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    room.dir = closed.clone();
    let all = findings(&room).await;
    let user = of(&all, "database user");
    assert_eq!(user.level, Level::Bad);
    assert!(user.fix.contains(&format!("chmod o+x '{}'", closed.display())), "{user:?}");
}

#[tokio::test]
async fn a_newer_layout_is_bad() {
    let room = Room::new();
    drop(room.open().await);
    fs::write(room.layout().version(), "custody data directory, layout 9\n").unwrap();
    let all = findings(&room).await;
    let directory = of(&all, "data directory");
    assert_eq!(directory.level, Level::Bad);
    assert!(directory.detail.contains("layout 9"), "{directory:?}");
}
