//! Part of an entry, as it is given to a reader who may not see all of it.

use super::{BodyError, form, shown::Shown};
use crate::{Hash, commitment::Salt};

/// Some members with their salts, and bare commitments for all others, whether they were withheld
/// from this reader or are erased: the two look the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// Canonical JSON of what is shown.
    pub content: Vec<u8>,
    /// The salt of each member that is shown, in the canonical order of the pointers.
    pub salts: Vec<(String, Salt)>,
    /// The commitments of the rest, sorted.
    pub withheld: Vec<Hash>,
}

impl Disclosure {
    /// The content hash of the whole entry, computed from what is here.
    pub fn content_hash(&self) -> Result<Hash, BodyError> {
        Ok(Shown::partial(&self.content, &self.salts, &self.withheld)?.content_hash())
    }

    /// Appends `{"content": …, "form": "disclosed", "salts": {pointer: hex}, "withheld": [hex]}`, in
    /// canonical form.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"content\":");
        out.extend_from_slice(&self.content);
        out.extend_from_slice(b",\"form\":\"disclosed\",\"salts\":");
        form::write_salts(&self.salts, out);
        out.extend_from_slice(b",\"withheld\":");
        form::write_hashes(&self.withheld, out);
        out.push(b'}');
    }
}
