//! The wire to the database is cut in the middle of a COPY, and before and after its COMMIT.

use custody_testkit::Proxy;

use super::{
    POINTS, evidence, fault,
    load::{self, Sent, Shape},
    on_a_database_of_its_own, paused, with,
};
use crate::support::{Server, server::Options, server::readable_temp_dir};

const SHAPE: Shape = Shape { clients: 4, bodies: 16 };

#[tokio::test]
async fn at_each_step() {
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let mut proxy = Proxy::start(options.database.as_deref().unwrap()).await;
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    server.stop().await;
    let mut sent = Sent::default();
    for point in POINTS {
        let go = folder.path().join(format!("go-{point}"));
        let go_on = ("CUSTODY_FAULT_GO".to_owned(), go.display().to_string());
        let armed = with(&options, &[fault(point, "pause", 5), go_on]);
        let server = Server::start(Options { database: Some(proxy.url().to_owned()), ..armed }).await;
        let writer = tenant.at(&server).writer;
        let blow = async {
            paused(&server, point).await;
            proxy.cut().await;
            std::fs::write(&go, "").unwrap();
            server.anonymous().get("/healthz").await.expect(200);
            proxy.mend().await;
        };
        let (more, ()) = tokio::join!(load::through(&writer, SHAPE), blow);
        sent.add(more);
        assert!(server.stop().await.success());
    }
    let server = Server::start(options).await;
    let tenant = tenant.at(&server);
    sent.settle(&tenant.writer).await;
    evidence::check(&server, &tenant, &sent).await;
    assert!(server.stop().await.success());
}
