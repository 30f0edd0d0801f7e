//! What the server says of each item.

use serde::Deserialize;

use crate::problem::ProblemError;

/// The answer to a bulk request.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) items: Vec<Told>,
}

/// What became of one item, in the order sent.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Told {
    pub(super) status: String,
    pub(super) reason: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<ProblemError>,
}

impl Told {
    /// To be sent again: it was not taken, or the server does not know whether it was.
    pub(super) fn is_put_off(&self) -> bool {
        self.status == "retry"
    }

    /// The first thing that was wrong, in one line.
    pub(super) fn why(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or(&self.status);
        let first = self.errors.first().map(|e| {
            let pointer = e.pointer.as_deref().unwrap_or_default();
            format!("{pointer} {}", e.detail).trim().to_owned()
        });
        match first.or_else(|| self.detail.clone()) {
            Some(detail) => format!("{reason}: {detail}"),
            None => reason.to_owned(),
        }
    }
}
