//! What a sender said of all items of one request together.

use crate::Format;

/// How items came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent<'r> {
    pub format: Format,
    pub unnamed: Unnamed<'r>,
}

/// What an item that has no event id of its own is known again by, should it come twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unnamed<'r> {
    /// By nothing: twice sent is two entries.
    #[default]
    Nothing,
    /// By the request's `Idempotency-Key` and its place in the request, for 24 hours.
    Request {
        key: &'r str,
        /// The place of the first of the items handed over, from 0.
        first: u64,
    },
}

impl From<Format> for Sent<'_> {
    fn from(format: Format) -> Self {
        Self { format, unnamed: Unnamed::Nothing }
    }
}
