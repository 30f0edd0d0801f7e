//! The database's clock, which is that of the jobs, is set forward an hour and back.

use std::time::{Duration, Instant};

use super::{
    Part, on_both,
    yard::{self, Yard},
};
use crate::{
    faults::{faketime::Clock, skipped},
    support::{Server, Tenant},
};

on_both!(an_hour_forward_and_back, set_back_while_nobody_looked);

/// An installation whose database's clock can be set.
struct Clocked {
    yard: Yard,
    clock: Clock,
}

impl Clocked {
    /// None, and that is said, where it cannot be had here.
    fn make(part: Part) -> Option<Self> {
        let yard = Yard::on_a_private_database(part, yard::TIMES);
        let Some(clock) = Clock::make(yard.folder.path()) else {
            let missing = "libfaketime or packaged server programs are missing";
            skipped("the database's clock under jobs", missing);
            return None;
        };
        Some(Self { yard, clock })
    }

    async fn start(&self) -> Server {
        let environment = self.clock.environment();
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.yard.start("first", &environment).await
    }
}

struct Asked<'a> {
    yard: &'a Yard,
    server: &'a Server,
    tenant: &'a Tenant,
    once: Vec<String>,
}

impl Asked<'_> {
    async fn ask(&mut self, args: &[&str]) -> String {
        let trace = self.yard.path("trace").display().to_string();
        let job = self.server.probe(self.tenant, &[&["--trace", &trace], args].concat()).await;
        self.once.push(job.clone());
        job
    }
}

async fn an_hour_forward_and_back(part: Part) {
    let Some(clocked) = Clocked::make(part) else { return };
    let (yard, clock, server) = (&clocked.yard, &clocked.clock, clocked.start().await);
    let tenant = server.tenant().await;
    let gate = yard.path("gate");
    let gate = format!("gate:{}", gate.display());
    let mut asked = Asked { yard, server: &server, tenant: &tenant, once: Vec::new() };

    // Running over both jumps; its write is what counts.
    let held = asked.ask(&["--attempts-max", "1", "--act", &gate, "--act", "effect"]).await;
    yard.until_traced("trace", &held, "begun", 1).await;
    let far = server.probe(&tenant, &["--delay-ms", "5400000", "--act", "once"]).await;
    let soon = asked.ask(&["--delay-ms", "1500", "--act", "effect"]).await;

    clock.set("+3600s");
    let forward = asked.ask(&["--act", "fail:1", "--act", "effect"]).await;
    for id in [&soon, &forward] {
        yard::completed(&tenant.auditor, id).await;
    }
    let delayed = asked.ask(&["--delay-ms", "2500", "--act", "effect"]).await;

    clock.set("+0");
    let set_back = Instant::now();
    let back = asked.ask(&["--act", "fail:1", "--act", "effect"]).await;
    for id in [&delayed, &back] {
        yard::completed(&tenant.auditor, id).await;
    }
    assert!(set_back.elapsed() < Duration::from_secs(20), "{:?}", set_back.elapsed());
    std::fs::write(yard.path("gate"), "").unwrap();
    yard::completed(&tenant.auditor, &held).await;

    for id in &asked.once {
        assert_eq!(yard::effects(&tenant.auditor, id).await.len(), 1, "{id}");
    }
    let far = tenant.auditor.get(&format!("/api/v1/jobs/{far}")).await.expect(200);
    assert_eq!(far["status"], "pending", "it is due in an hour and a half: {far}");
    assert!(server.stop().await.success());
}

/// The worker that will find the clock as it is now did not see it otherwise.
async fn set_back_while_nobody_looked(part: Part) {
    let Some(clocked) = Clocked::make(part) else { return };
    let (clock, server) = (&clocked.clock, clocked.start().await);
    let tenant = server.tenant().await;
    clock.set("+3600s");
    let job = server.probe(&tenant, &["--delay-ms", "5000", "--act", "once"]).await;
    assert!(server.stop().await.success());
    clock.set("+0");
    let server = clocked.start().await;
    let tenant = tenant.at(&server);
    yard::completed(&tenant.auditor, &job).await;
    assert!(server.stop().await.success());
}
