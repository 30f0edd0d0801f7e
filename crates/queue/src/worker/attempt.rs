//! One attempt at one job: runs it within its limits, says how it ended.

use std::{error::Error as _, sync::Arc, time::Duration};

use custody_auth::Scope;
use custody_store::jobs::{Claim, Ending};
use metrics::SharedString;
use tokio::time::{self, Instant};

use super::{Shared, handle::handle};
use crate::{
    Done, JobError, isolated,
    kinds::Kind,
    signal::{Signal, Why},
};

/// A handler that was told to end has so long.
const GRACE: Duration = Duration::from_secs(10);

/// To be written down. None: nothing is.
pub(super) struct Ended {
    pub(super) claim: Claim,
    pub(super) scope: Scope,
    pub(super) ending: Option<Ending>,
}

pub(super) async fn run(shared: Arc<Shared>, kind: Kind, claim: Claim, signal: Signal) {
    let begun = Instant::now();
    let scope = shared.authority.scope(claim.job.tenant, kind.name);
    let ending = attempt(&shared, &kind, &claim, &scope, &signal).await;
    if ending.is_none() {
        tracing::warn!(
            job.kind = kind.name, job.id = %claim.job.id, tenant.id = %claim.job.tenant, job.attempt = claim.attempt,
            "a job was lost to another worker; nothing of this attempt is written any more"
        );
    }
    let outcome = outcome(ending.as_ref());
    count(kind.name, outcome);
    metrics::histogram!("custody_job_seconds", "kind" => kind.name).record(begun.elapsed().as_secs_f64());
    // The receiver lives until all attempts have ended.
    let _ = shared.ended.send(Ended { claim, scope, ending });
}

/// How an attempt can end, as metrics say it.
pub const OUTCOMES: [&str; 6] = ["succeeded", "again", "failed", "cancelled", "handed_back", "lost"];

pub(super) fn count(kind: impl Into<SharedString>, outcome: &'static str) {
    metrics::counter!("custody_jobs_ended_total", "kind" => kind, "outcome" => outcome).increment(1);
}

fn outcome(ending: Option<&Ending>) -> &'static str {
    let [succeeded, again, failed, cancelled, handed_back, lost] = OUTCOMES;
    match ending {
        Some(Ending::Succeeded { .. }) => succeeded,
        Some(Ending::Again { .. }) => again,
        Some(Ending::Failed { .. }) => failed,
        Some(Ending::Cancelled) => cancelled,
        Some(Ending::HandedBack) => handed_back,
        None => lost,
    }
}

async fn attempt(
    shared: &Arc<Shared>,
    kind: &Kind,
    claim: &Claim,
    scope: &Scope,
    signal: &Signal,
) -> Option<Ending> {
    // A task of its own, so that what does not let go of its thread holds up nothing but that.
    let handler = match kind.limits.memory_bytes_max {
        None => tokio::spawn(handle(
            shared.store.clone(),
            scope.clone(),
            kind.clone(),
            claim.clone(),
            signal.clone(),
        )),
        Some(bytes) => {
            let launcher = shared.config.launcher.clone();
            tokio::spawn(isolated::run(launcher, claim.clone(), bytes, signal.clone()))
        }
    };
    let abort = handler.abort_handle();
    shared.hands.can_abort(claim.job, claim.token, abort.clone());
    tokio::select! {
        result = handler => match result {
            Ok(result) => ending(kind, claim, result),
            // Aborted, because the worker stops.
            Err(_) => broken_off(kind, claim, signal.why().unwrap_or(Why::Stopping)),
        },
        why = overdue(kind.limits.run_time_max, signal) => {
            abort.abort();
            broken_off(kind, claim, why)
        }
    }
}

/// Ends when the handler has had its time: the kind's, or the grace after it was told to end.
async fn overdue(run_time_max: Duration, signal: &Signal) -> Why {
    tokio::select! {
        () = time::sleep(run_time_max) => {
            signal.give(Why::Overdue);
            Why::Overdue
        }
        // How long it may take to stop is the worker's to say.
        () = async {
            signal.given().await;
            if signal.why() == Some(Why::Stopping) {
                std::future::pending::<()>().await;
            }
            time::sleep(GRACE).await;
        } => signal.why().unwrap_or(Why::Lost),
    }
}

fn broken_off(kind: &Kind, claim: &Claim, why: Why) -> Option<Ending> {
    match why {
        Why::Cancelled => Some(Ending::Cancelled),
        Why::Lost => None,
        Why::Stopping => Some(Ending::HandedBack),
        Why::Overdue => {
            let seconds = kind.limits.run_time_max.as_secs_f64();
            again(kind, claim, &JobError::again(format!("it did not end within {seconds} s")))
        }
    }
}

fn ending(kind: &Kind, claim: &Claim, result: Result<Done, JobError>) -> Option<Ending> {
    match result {
        Ok(done) => {
            Some(Ending::Succeeded { result: done.result.map(|result| (result, kind.limits.result_kept)) })
        }
        Err(JobError::Lost) => None,
        Err(JobError::Cancelled) => Some(Ending::Cancelled),
        Err(JobError::Stopped) => Some(Ending::HandedBack),
        Err(error) => again(kind, claim, &error),
    }
}

/// After its back-off; a dead letter where it was the last attempt, or none can do better.
#[expect(clippy::unnecessary_wraps, reason = "as its neighbours")]
fn again(kind: &Kind, claim: &Claim, error: &JobError) -> Option<Ending> {
    let failure = error.to_string();
    tracing::warn!(
        job.kind = kind.name, job.id = %claim.job.id, tenant.id = %claim.job.tenant, job.attempt = claim.attempt,
        error = error.source().map_or(failure.clone(), ToString::to_string), "a job's attempt failed"
    );
    let after = match error {
        JobError::Fatal { .. } => return Some(Ending::Failed { failure }),
        _ if claim.attempt >= claim.attempts_max => return Some(Ending::Failed { failure }),
        JobError::Again { after: Some(after), .. } => *after,
        _ => kind.limits.backoff.after(claim.attempt, rand::random()),
    };
    Some(Ending::Again { failure, after })
}
