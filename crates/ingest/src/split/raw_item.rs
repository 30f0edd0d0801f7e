//! One item of a body, unparsed.

use std::borrow::Cow;

use bytes::Bytes;

/// One item as it was sent, and where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawItem {
    /// All of it, or its beginning where something was left out.
    pub bytes: Bytes,
    /// In bytes from the start of the body.
    pub offset: u64,
    /// The line it begins on, from 1.
    pub line: u64,
    /// Set where it was too long to be held.
    pub cut: Option<Cut>,
    /// Set where it is no item but the rest of a body that could not be read on: what to tell of it.
    pub fault: Option<String>,
}

/// What is known of an item that was read to its end without being held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Of the whole item, in bytes.
    pub length: u64,
    /// Of the whole item.
    pub sha256: [u8; 32],
}

impl RawItem {
    /// An item that is a whole body, as `POST /logs` sends it.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), offset: 0, line: 1, cut: None, fault: None }
    }

    /// The bytes that tell this item from others: two long ones may begin alike.
    pub(crate) fn identity(&self) -> Cow<'_, [u8]> {
        match &self.cut {
            None => Cow::Borrowed(&self.bytes),
            Some(cut) => Cow::Owned([&self.bytes, cut.sha256.as_slice()].concat()),
        }
    }
}
