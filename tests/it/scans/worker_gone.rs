//! A worker dies, or sleeps past its lease, in the middle of a scan: another goes on, and nothing is doubled.

use custody_testkit::{Fault, HttpFaults, eventually};
use serde_json::{Value, json};

use super::{
    account::{
        Account, S3, SQS, ask, checks, completed, ended, findings, order, processes, processes_in, python,
        scan, uids, until,
    },
    walk::is_of_queues,
};
use crate::{
    job_faults::{
        Part,
        yard::{self, Yard},
    },
    support::{
        Server, Tenant,
        server::{Options, signal},
    },
};

const LOCAL: [(&str, &str); 1] = [("CUSTODY_SCAN_ALLOW_LOCAL", "true")];

/// Servers on one database, and a scan that the worker `one` has half done: it waits for an answer.
struct Half {
    yard: Yard,
    front: Server,
    tenant: Tenant,
    one: Server,
    wire: HttpFaults,
    id: String,
}

impl Half {
    async fn done(part: Part, account: &Account) -> Self {
        let yard = Yard::new(part, yard::TIMES).await;
        let flags = vec!["--only".to_owned(), "api".to_owned()];
        let front = Server::start(Options { flags, ..yard.options("first", &LOCAL) }).await;
        let tenant = front.tenant().await;
        let wire = HttpFaults::start(&account.url).await;
        wire.set_where(Fault::Never, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
        let one = yard.start("one", &LOCAL).await;
        let id = ask(&tenant.admin, &order(wire.url(), &[S3[0], S3[1], SQS])).await;
        until(&tenant.admin, &id, "two of three checks", |scan| scan["progress"]["checks_done"] == 2).await;
        Self { yard, front, tenant, one, wire, id }
    }

    /// All that was found was found once, as by a scan that nobody disturbed.
    async fn is_as_undisturbed(&self) -> Value {
        let api = &self.tenant.admin;
        let scan = completed(api, &self.id).await;
        assert_eq!(scan["partial"], false, "{scan}");
        let job = self.tenant.admin.get(&format!("/api/v1/jobs/{}", scan["job_id"].as_str().unwrap())).await;
        assert!(job.expect(200)["attempts"].as_u64() > Some(1), "nobody took it over");
        let again = ask(api, &order(self.wire.url(), &[S3[0], S3[1], SQS])).await;
        let undisturbed = completed(api, &again).await;
        assert_eq!(uids(api, &self.id).await, uids(api, &again).await);
        for member in ["passed", "failed", "checks_done", "services_done", "findings"] {
            assert_eq!(scan["progress"][member], undisturbed["progress"][member], "{member}: {scan}");
        }
        let deltas = findings(api, &again).await;
        assert!(
            deltas.iter().all(|one| one["delta"] == "unchanged" || one["delta"] == "still_failing"),
            "{deltas:?}"
        );
        scan
    }

    async fn one_is_killed(part: Part) {
        let Some(python) = python() else { return };
        let half = Self::done(part, Account::shared(&python).await).await;
        let homes = half.one.data().join("scans");
        let two = half.yard.start("two", &LOCAL).await;
        let pids = processes_in(&homes);
        assert!(!pids.is_empty());
        let Self { one, .. } = half;
        one.kill().await;
        eventually("its processes go with it", async || processes_in(&homes).is_empty().then_some(())).await;
        half.wire.set(Fault::None, 0);
        let half = Self { one: two, ..half };
        half.is_as_undisturbed().await;
        // What it left on the disk goes when it comes again.
        let left = || std::fs::read_dir(&homes).map(Iterator::count).unwrap_or_default();
        assert!(left() > 0, "the killed one had a home");
        let back = half.yard.start("one", &LOCAL).await;
        eventually("the homes of the dead are gone", async || (left() == 0).then_some(())).await;
        assert!(back.stop().await.success());
        assert!(half.one.stop().await.success());
        assert!(half.front.stop().await.success());
    }

    async fn one_sleeps(part: Part) {
        let Some(python) = python() else { return };
        let half = Self::done(part, Account::shared(&python).await).await;
        signal(half.one.pid(), "STOP");
        let two = half.yard.start("two", &LOCAL).await;
        let api = &half.tenant.admin;
        eventually("another has it", async || (!processes(&two).is_empty()).then_some(())).await;
        half.wire.set(Fault::None, 0);
        let done = half.is_as_undisturbed().await;
        let (found, checked) = (uids(api, &half.id).await, checks(api, &half.id).await);

        signal(half.one.pid(), "CONT");
        let words = "a job was lost to another worker";
        eventually("the sleeper says that it lost it", async || half.one.log().contains(words).then_some(()))
            .await;
        eventually("its processes are gone", async || processes(&half.one).is_empty().then_some(())).await;
        assert_eq!(scan(api, &half.id).await, done);
        assert_eq!((uids(api, &half.id).await, checks(api, &half.id).await), (found, checked));
        for server in [half.one, two, half.front] {
            assert!(server.stop().await.success());
        }
    }
}

mod postgres {
    use super::*;

    #[tokio::test]
    async fn one_is_killed_and_another_goes_on() {
        Half::one_is_killed(Part::Postgres).await;
    }

    #[tokio::test]
    async fn one_sleeps_past_its_lease_and_writes_nothing() {
        Half::one_sleeps(Part::Postgres).await;
    }
}

mod sqs {
    use super::*;

    #[tokio::test]
    async fn one_is_killed_and_another_goes_on() {
        Half::one_is_killed(Part::Sqs).await;
    }

    #[tokio::test]
    async fn one_sleeps_past_its_lease_and_writes_nothing() {
        Half::one_sleeps(Part::Sqs).await;
    }
}

/// It hands the scan back, and the next start goes on behind what is done.
#[tokio::test]
async fn one_that_is_told_to_stop_keeps_what_it_has() {
    let Some(python) = python() else { return };
    let half = Half::done(Part::Postgres, Account::shared(&python).await).await;
    let api = &half.tenant.admin;
    let found = uids(api, &half.id).await;
    let before = scan(api, &half.id).await;
    let homes = half.one.data().join("scans");
    assert!(half.one.stop().await.success());
    assert_eq!(processes_in(&homes), [0; 0]);
    assert_eq!(std::fs::read_dir(&homes).unwrap().count(), 0);
    assert_eq!(uids(api, &half.id).await, found);
    half.wire.set(Fault::None, 0);
    let two = half.yard.start("two", &LOCAL).await;
    let done = ended(api, &half.id).await;
    assert_eq!((&done["status"], &done["partial"]), (&json!("completed"), &json!(false)), "{done}");
    assert_eq!(done["started_at"], before["started_at"]);
    assert!(uids(api, &half.id).await.len() > found.len());
    assert!(two.stop().await.success());
}
