//! kill -9 of a worker at each step of an attempt.

use std::os::unix::process::ExitStatusExt as _;

use super::{
    Part, on_both,
    yard::{self, Yard},
};
use crate::support::{Server, Tenant};

on_both!(another_goes_on, the_next_start_goes_on_at_once);

/// Where it is killed.
struct Kill {
    /// None: while the handler runs.
    point: Option<&'static str>,
    /// Each worker has a kind of its own, so that it dies of its own job and not of another's.
    kind: &'static str,
    /// How many attempts there are in the end, and how many of them came to the handler.
    attempts: u64,
    begun: usize,
}

const KILLS: [Kill; 5] = [
    Kill { point: Some("job.taken"), kind: "probe", attempts: 2, begun: 1 },
    Kill { point: None, kind: "probe.one", attempts: 2, begun: 2 },
    Kill { point: Some("job.done"), kind: "probe.two_each", attempts: 2, begun: 2 },
    Kill { point: Some("job.ending"), kind: "probe.urgent", attempts: 2, begun: 2 },
    // Between the row's end and the message's: nobody may begin it again.
    Kill { point: Some("job.ended"), kind: "probe.forgotten", attempts: 1, begun: 1 },
];

impl Kill {
    fn name(&self) -> String {
        self.point.unwrap_or("job.running").replace('.', "-")
    }

    /// A worker takes the job, and dies there. Answers the job's id.
    async fn happen(&self, yard: &Yard, front: &Server, tenant: &Tenant) -> String {
        let fault = self.point.map(|point| format!("{point}:kill"));
        let fault = fault.iter().map(|fault| ("CUSTODY_FAULT", fault.as_str()));
        let environment: Vec<_> = [("CUSTODY_JOB_KINDS", self.kind)].into_iter().chain(fault).collect();
        let worker = yard.start(&self.name(), &environment).await;
        let (gate, trace) = (yard.path(&format!("gate-{}", self.name())), yard.path("trace"));
        let (gate, trace) = (gate.display().to_string(), trace.display().to_string());
        if self.point.is_some() {
            std::fs::write(&gate, "").unwrap();
        }
        // Its effect first, so that a second attempt meets what the first one left.
        let acts = ["--act", "once", "--act", &format!("gate:{gate}")];
        let args = [&["--kind", self.kind, "--trace", &trace][..], &acts].concat();
        let job = front.probe(tenant, &args).await;
        if self.point.is_none() {
            custody_testkit::eventually("its effect", async || {
                (!yard::effects(&tenant.auditor, &job).await.is_empty()).then_some(())
            })
            .await;
            worker.kill().await;
            std::fs::write(&gate, "").unwrap();
        } else {
            assert_eq!(worker.ended().await.signal(), Some(9), "{} was not reached", self.name());
        }
        job
    }

    async fn is_done_once(&self, yard: &Yard, tenant: &Tenant, id: &str) {
        let job = yard::completed(&tenant.auditor, id).await;
        assert_eq!(job["attempts"].as_u64(), Some(self.attempts), "{}: {job}", self.name());
        assert_eq!(yard.traced("trace", id, "begun"), self.begun, "{}", self.name());
        assert_eq!(yard::effects(&tenant.auditor, id).await, [id], "{}", self.name());
    }
}

/// Another worker misses the dead one and takes its jobs over.
async fn another_goes_on(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let (front, tenant) = yard.front().await;
    let mut jobs = Vec::new();
    for kill in KILLS {
        jobs.push(kill.happen(&yard, &front, &tenant).await);
    }
    let other = yard.start("other", &[]).await;
    for (kill, job) in KILLS.iter().zip(&jobs) {
        kill.is_done_once(&yard, &tenant, job).await;
    }
    assert!(other.stop().await.success());
}

/// The next start of the same one takes back what it had: leases last for a minute here, and nobody
/// waits for so long. Messages are held for a while as always: what SQS handed to the dead worker, in
/// answer to the poll that it left, comes again after that.
async fn the_next_start_goes_on_at_once(part: Part) {
    let yard = Yard::new(part, "lease=60000,visibility=3000,wait=1000").await;
    let (front, tenant) = yard.front().await;
    for kill in KILLS {
        let job = kill.happen(&yard, &front, &tenant).await;
        let again = yard.start(&kill.name(), &[]).await;
        kill.is_done_once(&yard, &tenant, &job).await;
        assert!(again.stop().await.success());
    }
}
