//! A job: what is to be done, as data, and how it is done.

use std::{error::Error, time::Duration};

use custody_store::{StoreError, jobs::EnqueueError};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Limits, OpContext};

/// Data that says what is to be done. It is kept as JSON, may be run by a later version of the program
/// than the one that asked for it, and may be run more than once: a worker can die after it did the
/// work and before it said so. So `run` is idempotent: it finds what it did before, or does the same
/// again.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name for ever: `anchor`, `export.logs`; `[a-z][a-z0-9_.]*`, at most 60.
    const KIND: &'static str;

    /// Of the payload. Raised when an older program could not read it, or would do the wrong thing.
    const VERSION: u16 = 1;

    const LIMITS: Limits = Limits::DEFAULT;

    /// What its handler needs beside the tenant's scope; handed in where the program is wired.
    type Services: Clone + Send + Sync + 'static;

    /// From a payload of this version or an older one.
    fn read(_version: u16, payload: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(payload)
    }

    fn run(&self, context: &OpContext<Self::Services>)
    -> impl Future<Output = Result<Done, JobError>> + Send;
}

/// It is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub(crate) result: Option<String>,
}

impl Done {
    /// A result of more bytes belongs into a file.
    pub const RESULT_BYTES_MAX: usize = 64 * 1024;

    /// Nothing to tell.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// A result that the tenant can read until it expires.
    pub fn with(result: &impl Serialize) -> Result<Self, JobError> {
        let json = serde_json::to_string(result).map_err(JobError::defect)?;
        if json.len() > Self::RESULT_BYTES_MAX {
            return Err(JobError::fatal(format!(
                "the result has {} bytes; {} are allowed",
                json.len(),
                Self::RESULT_BYTES_MAX
            )));
        }
        Ok(Self { result: Some(json) })
    }
}

/// Why an attempt did not end well. The reasons are told to the tenant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// Another attempt may do better.
    #[error("{reason}")]
    Again {
        reason: String,
        /// In the place of the kind's back-off.
        after: Option<Duration>,
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// No attempt will do better.
    #[error("{reason}")]
    Fatal { reason: String },
    /// Another worker has the job by now: nothing of this attempt counts.
    #[error("another worker has the job")]
    Lost,
    /// It ended because it was asked to.
    #[error("it was cancelled")]
    Cancelled,
    /// It broke off because the worker stops; another goes on.
    #[error("the worker stops")]
    Stopped,
}

impl JobError {
    pub fn again(reason: impl Into<String>) -> Self {
        Self::Again { reason: reason.into(), after: None, source: None }
    }

    pub fn again_after(after: Duration, reason: impl Into<String>) -> Self {
        Self::Again { reason: reason.into(), after: Some(after), source: None }
    }

    pub fn fatal(reason: impl Into<String>) -> Self {
        Self::Fatal { reason: reason.into() }
    }

    /// A defect of ours: what it is stands in the server's log, not in the tenant's.
    pub fn defect(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let reason = "an internal error; the server's log says more".to_owned();
        Self::Again { reason, after: None, source: Some(source.into()) }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            let reason = "the database was not available".to_owned();
            return Self::Again { reason, after: None, source: Some(error.into()) };
        }
        Self::defect(error)
    }
}

impl From<EnqueueError> for JobError {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Store(error) => error.into(),
            error => Self::defect(error),
        }
    }
}
