//! What a running job is told from outside.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

/// Why it should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Somebody cancelled it.
    Cancelled,
    /// Another worker has it.
    Lost,
    /// The worker stops.
    Stopping,
    /// It took too long.
    Overdue,
}

/// The first reason counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signal {
    token: CancellationToken,
    why: Arc<OnceLock<Why>>,
}

impl Signal {
    pub(crate) fn give(&self, why: Why) {
        let _ = self.why.set(why);
        self.token.cancel();
    }

    pub(crate) fn why(&self) -> Option<Why> {
        self.why.get().copied()
    }

    pub(crate) async fn given(&self) {
        self.token.cancelled().await;
    }
}
