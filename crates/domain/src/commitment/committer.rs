//! Commitments of one content after the other, in the same working space.

use super::{ContentHasher, Members, Salt};
use crate::{Hash, json::Object};

/// Members of an entry of the usual size.
const MEMBERS: usize = 32;

/// Makes commitments; kept between contents, because allocating is a part of the cost.
#[derive(Debug)]
pub struct Committer {
    members: Members,
    hasher: ContentHasher,
}

impl Committer {
    pub fn new() -> Self {
        Self { members: Members::with_room(), hasher: ContentHasher::with_room(MEMBERS) }
    }

    /// The content hash, as [`super::commit`] makes it.
    pub fn commit(&mut self, content: &Object<'_>, entry_salt: &Salt) -> Hash {
        self.members.cut(content);
        self.hasher.hash(self.members.iter(), entry_salt)
    }

    /// The canonical form of what was committed to last.
    pub fn canonical(&self) -> &[u8] {
        self.members.canonical()
    }

    pub fn into_canonical(self) -> Vec<u8> {
        self.members.into_canonical()
    }
}

impl Default for Committer {
    fn default() -> Self {
        Self::new()
    }
}
