//! kill -9 of the database in the middle of a scan; the server starts it again.

use custody_testkit::{Fault, HttpFaults};

use super::{
    account::{Account, S3, SQS, ask, completed, order, python, uids, until},
    walk::is_of_queues,
};
use crate::{
    job_faults::{
        Part,
        yard::{self, Yard},
    },
    support::server::signal,
};

#[tokio::test]
async fn postgres() {
    it_is_killed(Part::Postgres).await;
}

#[tokio::test]
async fn sqs() {
    it_is_killed(Part::Sqs).await;
}

async fn it_is_killed(part: Part) {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let yard = Yard::on_a_private_database(part, yard::TIMES);
    let server = yard.start("first", &[("CUSTODY_SCAN_ALLOW_LOCAL", "true")]).await;
    let tenant = server.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    wire.set_where(Fault::Never, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let asked = order(wire.url(), &[S3[0], S3[1], SQS]);
    let id = ask(&tenant.admin, &asked).await;
    until(&tenant.admin, &id, "two of three checks", |scan| scan["progress"]["checks_done"] == 2).await;
    let killed = server.postmaster();
    signal(killed, "KILL");
    // Its driver goes on meanwhile, and has something to say.
    wire.set(Fault::None, 0);
    let scan = completed(&tenant.admin, &id).await;
    assert_eq!(scan["partial"], false, "{scan}");
    assert_ne!(server.postmaster(), killed);
    let again = ask(&tenant.admin, &asked).await;
    completed(&tenant.admin, &again).await;
    assert_eq!(uids(&tenant.admin, &id).await, uids(&tenant.admin, &again).await);
    assert!(server.stop().await.success());
}
