//! Jobs in a process of their own: one that takes too much memory, hangs or crashes ends alone.
//!
//! The worker starts its own program again and tells it on standard input which job it is; the process
//! reads the job as any worker does, runs the handler, and answers on standard output. It writes under the
//! job's fencing token, as every handler; keeping the job, and writing down how it ended, stays with the
//! worker. When the worker dies its standard input closes, and the process ends.

mod child;
mod lines;
mod parent;

use std::{fmt, sync::Arc, time::Duration};

use custody_domain::TenantId;
use custody_store::jobs::{Claim, JobId};
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use uuid::Uuid;

pub use child::run as run_child;
pub(crate) use parent::run;

use crate::{Done, JobError, signal::Why};

/// Makes the command that starts the program for one job.
#[derive(Clone)]
pub struct Launcher(Arc<dyn Fn() -> Command + Send + Sync>);

impl Launcher {
    pub fn new(command: impl Fn() -> Command + Send + Sync + 'static) -> Self {
        Self(Arc::new(command))
    }
}

impl fmt::Debug for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Launcher")
    }
}

/// What the process is told, a line each.
#[derive(Debug, Serialize, Deserialize)]
enum Word {
    Run(Order),
    Cancelled,
    Lost,
    Stopping,
    Overdue,
}

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    tenant: TenantId,
    job: Uuid,
    kind: String,
    version: u16,
    token: i64,
    attempt: u16,
    attempts_max: u16,
    unique: bool,
    memory_bytes_max: u64,
}

impl Order {
    fn new(claim: &Claim, memory_bytes_max: u64) -> Self {
        Self {
            tenant: claim.job.tenant,
            job: claim.job.id,
            kind: claim.kind.clone(),
            version: claim.version,
            token: claim.token,
            attempt: claim.attempt,
            attempts_max: claim.attempts_max,
            unique: claim.unique,
            memory_bytes_max,
        }
    }

    fn claim(&self) -> Claim {
        Claim {
            job: JobId { tenant: self.tenant, id: self.job },
            kind: self.kind.clone(),
            version: self.version,
            token: self.token,
            attempt: self.attempt,
            attempts_max: self.attempts_max,
            unique: self.unique,
        }
    }
}

impl From<Why> for Word {
    fn from(why: Why) -> Self {
        match why {
            Why::Cancelled => Self::Cancelled,
            Why::Lost => Self::Lost,
            Why::Stopping => Self::Stopping,
            Why::Overdue => Self::Overdue,
        }
    }
}

/// What it answers, in one line.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Done(Option<String>),
    Again { reason: String, after_ms: Option<u64> },
    Fatal(String),
    Lost,
    Cancelled,
    Stopped,
}

impl From<Result<Done, JobError>> for Answer {
    fn from(result: Result<Done, JobError>) -> Self {
        match result {
            Ok(done) => Self::Done(done.result),
            Err(JobError::Again { reason, after, .. }) => {
                let after_ms = after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
                Self::Again { reason, after_ms }
            }
            Err(JobError::Fatal { reason }) => Self::Fatal(reason),
            Err(JobError::Lost) => Self::Lost,
            Err(JobError::Cancelled) => Self::Cancelled,
            Err(JobError::Stopped) => Self::Stopped,
        }
    }
}

impl From<Answer> for Result<Done, JobError> {
    fn from(answer: Answer) -> Self {
        Err(match answer {
            Answer::Done(result) => return Ok(Done { result }),
            Answer::Again { reason, after_ms } => {
                JobError::Again { reason, after: after_ms.map(Duration::from_millis), source: None }
            }
            Answer::Fatal(reason) => JobError::Fatal { reason },
            Answer::Lost => JobError::Lost,
            Answer::Cancelled => JobError::Cancelled,
            Answer::Stopped => JobError::Stopped,
        })
    }
}
