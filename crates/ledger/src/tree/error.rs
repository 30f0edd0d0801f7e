//! Why there is no tree, or none to be shown.

use custody_domain::TenantId;
use custody_proof::{checkpoint::InvalidOrigin, compact::RangeError, note::NoteError};

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// The follower that makes the tree has not come so far; it will.
    #[error("the tree does not reach there yet")]
    Behind,
    /// What is stored is not what was signed. No checkpoint is made of it any more, and somebody
    /// has to look.
    #[error("the log of tenant {tenant} is not the one that was signed at size {size}")]
    Mismatch { tenant: TenantId, size: u64 },
    /// There is no key that signs.
    #[error("no key signs checkpoints")]
    NoKey,
    /// A defect: what we made ourselves does not fit together.
    #[error("the tree cannot be made: {0}")]
    Unfit(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<RangeError> for TreeError {
    fn from(error: RangeError) -> Self {
        Self::Unfit(Box::new(error))
    }
}

impl From<NoteError> for TreeError {
    fn from(error: NoteError) -> Self {
        Self::Unfit(Box::new(error))
    }
}

impl From<InvalidOrigin> for TreeError {
    fn from(error: InvalidOrigin) -> Self {
        Self::Unfit(Box::new(error))
    }
}
