//! `scan.scheduled`: asks for a scan of a connected account, when a schedule is due.

use custody_domain::ProviderId;
use custody_queue::{Done, Job, JobError, Limits, OpContext};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Request, Scans, ScansError, Wish, given::in_words};

/// What is asked for each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledScan {
    pub name: String,
    pub connection: ProviderId,
    pub wish: Wish,
    pub parallelism: u16,
}

impl Job for ScheduledScan {
    const KIND: &'static str = "scan.scheduled";
    const LIMITS: Limits = Limits::DEFAULT;
    type Services = Scans;

    /// One that still runs stands for this one: so an attempt that is made once more asks for nothing twice
    /// while the scan of the first one lasts.
    async fn run(&self, context: &OpContext<Scans>) -> Result<Done, JobError> {
        let request = Request {
            name: Some(self.name.clone()),
            connection: Some(self.connection),
            wish: self.wish.clone(),
            parallelism: self.parallelism,
            ..Request::default()
        };
        match context.services().create(context.scope(), request).await {
            Ok(scan) => Done::with(&json!({"scan_id": scan.id})),
            Err(ScansError::Running(scan)) => Done::with(&json!({"scan_id": scan, "ran_already": true})),
            Err(ScansError::Invalid(faults)) => Err(JobError::fatal(in_words(&faults))),
            Err(ScansError::Store(error)) => Err(error.into()),
            Err(error @ ScansError::NotSetUp) => Err(JobError::again(error.to_string())),
            Err(error) => Err(JobError::defect(error)),
        }
    }
}
