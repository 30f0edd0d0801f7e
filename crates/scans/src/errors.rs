//! What asking for a scan, or for an account to be connected, can come to.

use custody_domain::ScanId;
use custody_keys::KeyError;
use custody_store::{StoreError, jobs::EnqueueError};

use crate::given::FieldFault;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScansError {
    /// Each names its place in what was sent, and never a credential's value.
    #[error("something in the request cannot be taken")]
    Invalid(Vec<FieldFault>),
    #[error("{0}")]
    Conflict(String),
    /// A scan of the same account and scope has not ended.
    #[error("a scan of the same account and scope has not ended: {0}")]
    Running(ScanId),
    /// No worker has ever had an engine.
    #[error("no worker has Prowler yet: run `custody scan setup` where the worker runs")]
    NotSetUp,
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
    #[error("what was kept cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Of ours.
    #[error("{0}")]
    Defect(Box<dyn std::error::Error + Send + Sync>),
}

impl ScansError {
    pub(crate) fn defect(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Defect(source.into())
    }

    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldFault { pointer: pointer.into(), detail: detail.into() }])
    }
}
