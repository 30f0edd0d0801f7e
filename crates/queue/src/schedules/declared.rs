//! A schedule that the program brings with it.

use custody_store::schedules::{Asks, Declared, IfRunning, Timing};

use crate::Job;

/// In UTC, without jitter, in the reserved tenant, skipped while the last one runs; what differs is
/// changed in what this answers. An error where the job is no JSON.
pub fn declared<J: Job>(
    name: &'static str,
    cron: &'static str,
    job: &J,
) -> Result<Declared, serde_json::Error> {
    Ok(Declared {
        name,
        timing: Timing { cron: cron.to_owned(), time_zone: "UTC".to_owned() },
        asks: Asks {
            kind: J::KIND.to_owned(),
            payload: serde_json::to_string(job)?,
            version: J::VERSION,
            priority: 0,
            jitter_seconds: 0,
            each_tenant: false,
            if_running: IfRunning::Skip,
        },
    })
}
