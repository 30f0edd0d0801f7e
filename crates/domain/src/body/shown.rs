//! What is there of a content, with the salt of each member, and commitments for the rest.

use std::collections::HashMap;

use super::{BodyError, hash_of, object};
use crate::{
    Hash, canonical,
    commitment::{Members, Salt, is_container, member_hash, member_salt, members},
    json::{Object, Value, push_token},
};

pub(super) struct Shown<'b> {
    content: Object<'b>,
    pub(super) members: Members,
    /// One for each member, in the same order.
    salts: Vec<Salt>,
    /// Commitments to what is not there.
    rest: &'b [Hash],
}

/// The part of a content that is kept.
pub(super) struct Kept {
    pub(super) content: Vec<u8>,
    pub(super) salts: Vec<(String, Salt)>,
}

impl<'b> Shown<'b> {
    pub(super) fn full(salt: &Salt, content: &'b [u8]) -> Result<Self, BodyError> {
        let (content, members) = read(content)?;
        let salts = members.iter().map(|(pointer, _)| member_salt(salt, pointer)).collect();
        Ok(Self { content, members, salts, rest: &[] })
    }

    /// `salts` must be those of the members, no more and no fewer.
    pub(super) fn partial(
        content: &'b [u8],
        salts: &[(String, Salt)],
        rest: &'b [Hash],
    ) -> Result<Self, BodyError> {
        let (content, members) = read(content)?;
        let by_pointer: HashMap<&str, Salt> = salts.iter().map(|(p, s)| (p.as_str(), *s)).collect();
        let found: Vec<Salt> = members.iter().filter_map(|(p, _)| by_pointer.get(p).copied()).collect();
        if found.len() != members.len() || salts.len() != members.len() {
            return Err(BodyError::SaltsDoNotMatch);
        }
        Ok(Self { content, members, salts: found, rest })
    }

    pub(super) fn content_hash(&self) -> Hash {
        hash_of(self.commitments().chain(self.rest.iter().copied()))
    }

    fn commitments(&self) -> impl Iterator<Item = Hash> {
        let salts = self.salts.iter();
        self.members.iter().zip(salts).map(|((p, v), salt)| member_hash(salt, p, v))
    }

    /// Splits by pointer: what `keep` says yes to with its salts, and the commitments of everything
    /// else, in no order.
    pub(super) fn keep(&self, keep: impl Fn(&str) -> bool) -> (Kept, Vec<Hash>) {
        let mut salts = Vec::new();
        let mut rest = self.rest.to_vec();
        for ((pointer, value), salt) in self.members.iter().zip(&self.salts) {
            if keep(pointer) {
                salts.push((pointer.to_owned(), *salt));
            } else {
                rest.push(member_hash(salt, pointer, value));
            }
        }
        salts.sort_unstable_by(|(a, _), (b, _)| canonical::utf16(a, b));
        (Kept { content: retain(&self.content, keep), salts }, rest)
    }
}

fn read(content: &[u8]) -> Result<(Object<'_>, Members), BodyError> {
    let object = object(content)?;
    let members = members(&object);
    if members.canonical() != content {
        return Err(BodyError::NotCanonical);
    }
    Ok((object, members))
}

/// The canonical form of the members that `keep` says yes to. A container that loses its last key
/// goes with it: an empty one would be a member of its own, which nobody committed to.
fn retain(content: &Object<'_>, keep: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut content = content.clone();
    let mut pointer = String::new();
    content.retain(|key, value| {
        pointer.clear();
        push_token(&mut pointer, key);
        if !is_container(key, value) {
            return keep(&pointer);
        }
        let Value::Object(container) = value else {
            return false;
        };
        let length = pointer.len();
        container.retain(|key, _| {
            pointer.truncate(length);
            push_token(&mut pointer, key);
            keep(&pointer)
        });
        !container.is_empty()
    });
    canonical::to_vec(&Value::Object(content))
}
