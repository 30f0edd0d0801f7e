//! kill -9 of the database while a commit stands at each of its steps. The database is a private
//! one, with fsync and all that is default.

use super::{
    POINTS, evidence, fault,
    load::{self, Sent, Shape},
    on_a_private_database, paused, with,
};
use crate::support::{
    Server,
    server::{readable_temp_dir, signal},
};

const SHAPE: Shape = Shape { clients: 4, bodies: 16 };

#[tokio::test]
async fn at_each_step() {
    let folder = readable_temp_dir();
    let options = on_a_private_database(folder.path());
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    server.stop().await;
    let mut sent = Sent::default();
    for point in POINTS {
        let go = folder.path().join(format!("go-{point}"));
        let go_on = ("CUSTODY_FAULT_GO".to_owned(), go.display().to_string());
        let server = Server::start(with(&options, &[fault(point, "pause", 5), go_on])).await;
        let blow = async {
            paused(&server, point).await;
            let killed = server.postmaster();
            signal(killed, "KILL");
            std::fs::write(&go, "").unwrap();
            killed
        };
        let writer = tenant.at(&server).writer;
        let (more, killed) = tokio::join!(load::through(&writer, SHAPE), blow);
        assert_ne!(server.postmaster(), killed, "the load ended before the database was killed at {point}");
        sent.add(more);
        assert!(server.stop().await.success());
    }
    let server = Server::start(options).await;
    let tenant = tenant.at(&server);
    sent.settle(&tenant.writer).await;
    evidence::check(&server, &tenant, &sent).await;
    assert!(server.stop().await.success());
}
