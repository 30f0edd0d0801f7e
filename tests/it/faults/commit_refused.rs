//! COMMIT fails, and nothing before it: everything was written and locked, and none of it is kept. A
//! server that did not look at COMMIT's answer would acknowledge what is lost.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Connection as _, PgConnection};

use super::{
    evidence,
    load::{self, Shape},
    on_a_database_of_its_own, refused,
};
use crate::support::{Server, server::readable_temp_dir};

const SHAPE: Shape = Shape { clients: 4, bodies: 12 };
/// More than is written before COMMIT is refused.
const LONG: Shape = Shape { bodies: 400, ..SHAPE };

/// As a full disk would, at the last moment: deferred triggers run within COMMIT.
const REFUSE: &str = "
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        RAISE 'no room is left' USING ERRCODE = 'disk_full';
    END $$;
    CREATE CONSTRAINT TRIGGER refused AFTER UPDATE ON heads
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();";
const RELENT: &str = "DROP TRIGGER refused ON heads";

#[tokio::test]
async fn nothing_that_was_not_committed_is_acknowledged() {
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let mut owner = PgConnection::connect(options.database.as_deref().unwrap()).await.unwrap();
    let server = Server::start(options).await;
    let tenant = server.tenant().await;
    let mut sent = load::through(&tenant.writer, SHAPE).await;

    let stop = AtomicBool::new(false);
    let refusing = async {
        sqlx::raw_sql(REFUSE).execute(&mut owner).await.unwrap();
        refused(&tenant).await;
        tenant.auditor.get("/api/v1/logs?limit=1").await.expect(200);
        sqlx::raw_sql(RELENT).execute(&mut owner).await.unwrap();
        stop.store(true, Ordering::Relaxed);
    };
    let (more, ()) = tokio::join!(load::until_stopped(&tenant.writer, LONG, &stop), refusing);
    sent.add(more);

    sent.settle(&tenant.writer).await;
    sent.add(load::through(&tenant.writer, SHAPE).await);
    evidence::check(&server, &tenant, &sent).await;
    assert!(server.log().contains("no room is left"), "COMMIT was never refused");
    assert!(server.stop().await.success());
}
