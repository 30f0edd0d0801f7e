//! kill -9 of the server at each step of a commit, and a failure at each.

use std::os::unix::process::ExitStatusExt as _;

use super::{
    POINTS, evidence, fault,
    load::{self, Shape},
    on_a_database_of_its_own, with,
};
use crate::support::{Server, server::readable_temp_dir};

const SHAPE: Shape = Shape { clients: 6, bodies: 60 };

async fn killed_at(point: &str) {
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    server.stop().await;

    let server = Server::start(with(&options, &[fault(point, "kill", 9)])).await;
    let mut sent = load::until_broken(&tenant.at(&server).writer, SHAPE).await;
    let status = server.ended().await;
    assert_eq!(status.signal(), Some(9), "{point} was not reached");

    let server = Server::start(options).await;
    let tenant = tenant.at(&server);
    sent.settle(&tenant.writer).await;
    sent.add(load::through(&tenant.writer, Shape { bodies: 4, ..SHAPE }).await);
    evidence::check(&server, &tenant, &sent).await;
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn between_queue_and_copy() {
    killed_at(POINTS[0]).await;
}

#[tokio::test]
async fn during_copy() {
    killed_at(POINTS[1]).await;
}

#[tokio::test]
async fn between_copy_and_commit() {
    killed_at(POINTS[2]).await;
}

#[tokio::test]
async fn between_commit_and_answer() {
    killed_at(POINTS[3]).await;
}

/// A batch that fails: what certainly was not committed is tried again by the server itself, and
/// what may have been is answered 503.
#[tokio::test]
async fn a_failure_at_each_step() {
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    server.stop().await;
    let mut sent = load::Sent::default();
    for point in POINTS {
        let server = Server::start(with(&options, &[fault(point, "error", 5)])).await;
        let more = load::through(&tenant.at(&server).writer, Shape { bodies: 12, ..SHAPE }).await;
        assert_eq!(more.refused > 0, point == "commit.committed", "{point}: {} refused", more.refused);
        sent.add(more);
        assert!(server.stop().await.success());
    }
    let server = Server::start(options).await;
    let tenant = tenant.at(&server);
    sent.settle(&tenant.writer).await;
    evidence::check(&server, &tenant, &sent).await;
    assert!(server.stop().await.success());
}
