//! The volume of the database is full, and then it is not.

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use custody_keys::Keys;
use custody_store::embedded::{Access, Config, Place};
use sqlx::{Connection as _, PgConnection};

use super::{
    evidence,
    load::{self, Shape},
    on_a_private_database, refused, skipped,
    volume::Volume,
};
use crate::support::{Server, server::readable_temp_dir};

/// Room for a new cluster, and for the write-ahead log of what is written here.
const VOLUME_MIB: u32 = 400;
/// Room for a few segments of the write-ahead log, which have 16 MiB each.
const LOG_VOLUME_MIB: u32 = 96;
const SHAPE: Shape = Shape { clients: 4, bodies: 12 };
/// More than is written before the disk is full.
const LONG: Shape = Shape { bodies: 400, ..SHAPE };

/// Tables cannot grow: single transactions fail.
#[tokio::test]
async fn of_the_tables() {
    let volume = match Volume::mount(VOLUME_MIB) {
        Ok(volume) => volume,
        Err(why) => return skipped("disk full", &format!("no volume of its own can be mounted: {why}")),
    };
    let server = Server::start(on_a_private_database(volume.path())).await;
    let tenant = server.tenant().await;
    let mut sent = load::through(&tenant.writer, SHAPE).await;

    let stop = AtomicBool::new(false);
    let full = async {
        volume.fill();
        refused(&tenant).await;
        server.anonymous().get("/healthz").await.expect(200);
        tenant.auditor.get("/api/v1/logs?limit=1").await.expect(200);
        volume.relieve();
        stop.store(true, Ordering::Relaxed);
    };
    let (more, ()) = tokio::join!(load::until_stopped(&tenant.writer, LONG, &stop), full);
    sent.add(more);

    sent.settle(&tenant.writer).await;
    sent.add(load::through(&tenant.writer, SHAPE).await);
    evidence::check(&server, &tenant, &sent).await;
    assert!(server.stop().await.success());
}

/// The write-ahead log cannot grow: PostgreSQL ends itself (PANIC), and is started again until it
/// finds room.
#[tokio::test]
async fn of_the_write_ahead_log() {
    let volume = match Volume::mount(LOG_VOLUME_MIB) {
        Ok(volume) => volume,
        Err(why) => return skipped("disk full", &format!("no volume of its own can be mounted: {why}")),
    };
    let folder = readable_temp_dir();
    let options = on_a_private_database(folder.path());
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    server.stop().await;
    move_log(&folder.path().join("data/database/cluster/pg_wal"), &volume.path().join("pg_wal"));

    let server = Server::start(options).await;
    let tenant = tenant.at(&server);
    let mut sent = load::through(&tenant.writer, SHAPE).await;
    let stop = AtomicBool::new(false);
    let full = async {
        volume.fill();
        use_up_the_log(&folder.path().join("data")).await;
        refused(&tenant).await;
        server.anonymous().get("/healthz").await.expect(200);
        volume.relieve();
        stop.store(true, Ordering::Relaxed);
    };
    let (more, ()) = tokio::join!(load::until_stopped(&tenant.writer, LONG, &stop), full);
    sent.add(more);

    sent.settle(&tenant.writer).await;
    sent.add(load::through(&tenant.writer, SHAPE).await);
    evidence::check(&server, &tenant, &sent).await;
    let log = std::fs::read_to_string(folder.path().join("data/database/server.log")).unwrap();
    let panic = log.lines().find(|line| line.contains("PANIC") && line.contains("No space left on device"));
    assert!(panic.is_some(), "the database did not run out of room:\n{log}");
    assert!(server.stop().await.success());
}

/// Leaves a link where it was, as operators do who give the log a disk of its own.
fn move_log(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
    std::fs::remove_dir_all(from).unwrap();
    std::os::unix::fs::symlink(to, from).unwrap();
}

/// Writes to the log, and to no table, until the database has fallen.
async fn use_up_the_log(data: &Path) {
    let place = Place::find(data).await.unwrap();
    let keys = Keys::local(&place.layout().key_file()).unwrap();
    let access = place.database(&Config::default(), &keys).await.unwrap();
    assert!(matches!(access, Access::Attached { .. }), "the server serves it");
    let mut owner = PgConnection::connect(access.url()).await.unwrap();
    let megabyte = "SELECT pg_logical_emit_message(true, 'fault', repeat('x', 1000000))";
    for _ in 0..2 * LOG_VOLUME_MIB {
        if sqlx::query(megabyte).execute(&mut owner).await.is_err() {
            return;
        }
    }
    panic!("the log took twice as much as its volume holds");
}
