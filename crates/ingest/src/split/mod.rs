//! A body into its items: slices of the bytes that came, each still unparsed, so that every byte is
//! parsed once and an item that is broken stays what it was when it is quarantined. The body is taken
//! in pieces, and no more of it is held than the item that is being read.

mod current_item;
mod error;
mod held;
mod place;
mod raw_item;
mod scan;
mod splitter;

use bytes::Bytes;

pub use error::{SplitError, SplitErrorKind};
pub use held::{ITEM_HELD_BYTES_MAX, ITEM_KEPT_BYTES};
pub use raw_item::{Cut, RawItem};
pub use splitter::Splitter;

use crate::format::Format;

/// How items are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// By what the body looks like: JSON arrays, CloudTrail's `{"Records": […]}`, objects, several of
    /// these one behind the other, or one object a line.
    #[default]
    Auto,
    /// One item a line, whatever stands in it.
    Lines,
}

impl Framing {
    /// The framing that a media type promises; parameters such as `charset` are ignored.
    pub fn of_media_type(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let lines =
            ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines"];
        if lines.iter().any(|name| essence.eq_ignore_ascii_case(name)) { Self::Lines } else { Self::Auto }
    }
}

/// Splits a body that is there whole; [`Splitter`] takes one in pieces, and says what was whole before
/// a fault.
pub fn split(body: &Bytes, framing: Framing, format: Format) -> Result<Vec<RawItem>, SplitError> {
    let mut items = Vec::new();
    let mut splitter = Splitter::new(framing, format);
    splitter.push(body, &mut items);
    splitter.finish(&mut items)?;
    Ok(items)
}

#[cfg(test)]
mod tests;
