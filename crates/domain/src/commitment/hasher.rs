//! Content hashes of one content after the other, in the same working space.

use super::{MEMBER, SALT, Salt, content_hash, length};
use crate::{Hash, digest::Batch};

/// Makes content hashes; kept between contents, because allocating is a part of the cost.
#[derive(Default)]
pub struct ContentHasher {
    batch: Batch,
    hashes: Vec<Hash>,
}

impl ContentHasher {
    /// For contents of about so many members.
    pub fn with_room(members: usize) -> Self {
        Self { batch: Batch::with_room(members), hashes: Vec::with_capacity(members) }
    }

    /// The content hash of members (pointers, and values in canonical form), by the definitions of
    /// [`super::member_salt`], [`super::member_hash`] and [`super::content_hash`].
    pub fn hash<'m>(
        &mut self,
        members: impl Iterator<Item = (&'m str, &'m [u8])> + Clone,
        entry_salt: &Salt,
    ) -> Hash {
        for (pointer, _) in members.clone() {
            self.batch.push(&[&[SALT], &entry_salt.0, pointer.as_bytes()]);
        }
        self.batch.hash_into(&mut self.hashes);
        for ((pointer, value), salt) in members.zip(&self.hashes) {
            self.batch.push(&[&[MEMBER], &salt[..16], &length(pointer), pointer.as_bytes(), value]);
        }
        self.batch.hash_into(&mut self.hashes);
        content_hash(&self.hashes)
    }
}

impl std::fmt::Debug for ContentHasher {
    /// What was hashed last is nobody's to see.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContentHasher").finish_non_exhaustive()
    }
}
