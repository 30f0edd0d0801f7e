//! The processes of one scan, and who of them runs which service.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use custody_store::scans::checks::PlannedCheck;
use futures::future::select_all;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::driver::{Driver, DriverError, Launch, Order, Said};

/// A scan whose processes die more often is given up.
const DEATHS_MAX: u32 = 3;

/// Services wait, those with most checks first: what is begun last should not take longest.
pub(super) struct Crew {
    launch: Launch,
    order: Order,
    waiting: VecDeque<Vec<String>>,
    members: Vec<Member>,
    pub(super) deaths: u32,
}

struct Member {
    driver: Driver,
    ready: bool,
    /// Of the service that it runs, those that have not ended.
    checks: Vec<String>,
    running: Option<String>,
    gone: bool,
    place: Place,
}

/// Among the processes of this worker's scans; the first of a scan needs none.
type Place = Option<OwnedSemaphorePermit>;

impl Crew {
    /// Starts as many processes as there are services, at most `parallelism`, and as there are `places` for; one
    /// in any case.
    pub(super) async fn start(
        launch: Launch,
        order: Order,
        checks: &[PlannedCheck],
        parallelism: u16,
        places: &Arc<Semaphore>,
    ) -> Result<Self, DriverError> {
        let mut services: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for check in checks {
            services.entry(&check.service).or_default().push(check.check_id.clone());
        }
        let mut waiting: Vec<_> = services.into_values().collect();
        waiting.sort_by_key(|checks| std::cmp::Reverse(checks.len()));
        let processes = usize::from(parallelism).clamp(1, waiting.len().max(1));
        let mut crew = Self { launch, order, waiting: waiting.into(), members: Vec::new(), deaths: 0 };
        for n in 0..processes {
            let place = places.clone().try_acquire_owned().ok();
            if n > 0 && place.is_none() {
                break;
            }
            crew.hire(place).await?;
        }
        Ok(crew)
    }

    async fn hire(&mut self, place: Place) -> Result<(), DriverError> {
        let driver = self.launch.start(&self.order).await?;
        let (checks, running) = (Vec::new(), None);
        self.members.push(Member { driver, ready: false, checks, running, gone: false, place });
        Ok(())
    }

    /// What is said next, and by whom; none where all have ended. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Option<(usize, Said)> {
        loop {
            let listening = self.members.iter_mut().enumerate().filter(|(_, member)| !member.gone);
            let listening: Vec<_> = listening
                .map(|(n, member)| Box::pin(async move { (n, member.driver.next().await) }))
                .collect();
            if listening.is_empty() {
                return None;
            }
            let ((n, said), ..) = select_all(listening).await;
            match said {
                Some(said) => return Some((n, said)),
                None => self.members[n].gone = true,
            }
        }
    }

    /// It has signed in.
    pub(super) fn is_ready(&mut self, n: usize) {
        self.members[n].ready = true;
    }

    /// Gives the next service to each that has none; who gets none any more is told to end.
    pub(super) async fn hand_out(&mut self) {
        for member in &mut self.members {
            if member.gone || !member.ready || !member.checks.is_empty() {
                continue;
            }
            if let Some(checks) = self.waiting.pop_front() {
                member.checks.clone_from(&checks);
                // Where it cannot be told it has died, and its end says so.
                let _ = member.driver.run(&checks).await;
            } else {
                member.ready = false;
                member.driver.stop().await;
            }
        }
    }

    pub(super) fn check_started(&mut self, n: usize, check: &str) {
        self.members[n].running = Some(check.to_owned());
    }

    pub(super) fn check_ended(&mut self, n: usize, check: &str) {
        let member = &mut self.members[n];
        member.running = None;
        member.checks.retain(|own| own != check);
    }

    /// It has run all that it was told to. What of that it never spoke of is answered.
    pub(super) fn ran(&mut self, n: usize) -> Vec<String> {
        self.members[n].running = None;
        std::mem::take(&mut self.members[n].checks)
    }

    /// It died: what it had not begun waits again, and the check that it ran is answered. Another takes its
    /// place, unless too many have died.
    pub(super) async fn died(&mut self, n: usize) -> Result<Option<String>, DriverError> {
        self.deaths += 1;
        let member = &mut self.members[n];
        member.gone = true;
        let running = member.running.take();
        let place = member.place.take();
        let mut left = std::mem::take(&mut member.checks);
        left.retain(|check| Some(check) != running.as_ref());
        if !left.is_empty() {
            self.waiting.push_front(left);
        }
        if self.deaths <= DEATHS_MAX && !self.waiting.is_empty() {
            self.hire(place).await?;
        }
        Ok(running)
    }

    /// Nothing is left to be run.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.members.iter().all(|member| member.checks.is_empty())
    }

    /// Ends all at once.
    pub(super) fn kill(&mut self) {
        for member in &mut self.members {
            member.driver.kill();
        }
    }
}
