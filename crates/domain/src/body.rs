//! An entry's body: what is kept of its content, in one of two forms, and what can be shown of it.
//! Both forms have the content hash that the leaf commits to. Normative text: docs/proofs.md.

mod disclosure;
mod error;
mod form;
mod select;
mod shown;

pub use disclosure::Disclosure;
pub use error::BodyError;

use crate::{
    Hash,
    commitment::{Salt, content_hash},
    json::{Limits, Object, Value, parse},
};
use shown::Shown;

/// The body of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Everything, and the entry salt.
    Full {
        salt: Salt,
        /// Canonical JSON.
        content: Vec<u8>,
    },
    /// Something was erased: the entry salt is gone, so that what was erased cannot be guessed from
    /// its commitment.
    Redacted {
        /// Canonical JSON of what remains.
        content: Vec<u8>,
        /// The salt of each remaining member, in the canonical order of the pointers.
        salts: Vec<(String, Salt)>,
        /// The commitments of the erased members, sorted.
        erased: Vec<Hash>,
    },
}

impl Body {
    /// Version byte and bytes: what is kept (compressed, elsewhere).
    pub fn encode(&self) -> Vec<u8> {
        form::encode(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        form::decode(bytes)
    }

    /// Appends the body as it stands in a proof, in canonical form: `{"content": …, "form": "full",
    /// "salt": hex}` or `{"content": …, "erased": [hex], "form": "redacted", "salts": {pointer: hex}}`.
    /// Who is given the salts can check everything, and guess what was erased no better than before.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        form::write_json(self, out);
    }

    /// The content's canonical bytes: all of it, or what remains.
    pub fn content_bytes(&self) -> &[u8] {
        match self {
            Self::Full { content, .. } | Self::Redacted { content, .. } => content,
        }
    }

    /// The content, read from its bytes.
    pub fn content(&self) -> Result<Value<'_>, BodyError> {
        Ok(Value::Object(object(self.content_bytes())?))
    }

    /// The content hash, computed from what is here.
    pub fn content_hash(&self) -> Result<Hash, BodyError> {
        Ok(self.shown()?.content_hash())
    }

    /// The commitments of the members that are no longer here, sorted; empty for a full body.
    pub fn erased(&self) -> &[Hash] {
        match self {
            Self::Full { .. } => &[],
            Self::Redacted { erased, .. } => erased,
        }
    }

    /// The body without the members at `pointers`. A container's pointer means all its keys, the
    /// empty pointer everything. A pointer that names nothing changes nothing, so that an erasure can
    /// be repeated; one into a member is refused, because members are erased whole.
    ///
    /// The answer is always the redacted form, even where nothing was erased: the entry salt goes.
    pub fn redact(&self, pointers: &[&str]) -> Result<Self, BodyError> {
        let shown = self.shown()?;
        let gone = select::Selection::new(pointers, &shown)?;
        let (kept, mut erased) = shown.keep(|pointer| !gone.contains(pointer));
        erased.sort_unstable();
        Ok(Self::Redacted { content: kept.content, salts: kept.salts, erased })
    }

    /// What a reader who may see the members at `pointers`, and no others, is given. Pointers mean
    /// what they mean to [`Body::redact`].
    pub fn disclose(&self, pointers: &[&str]) -> Result<Disclosure, BodyError> {
        let shown = self.shown()?;
        let wanted = select::Selection::new(pointers, &shown)?;
        let (kept, mut withheld) = shown.keep(|pointer| wanted.contains(pointer));
        withheld.sort_unstable();
        Ok(Disclosure { content: kept.content, salts: kept.salts, withheld })
    }

    fn shown(&self) -> Result<Shown<'_>, BodyError> {
        match self {
            Self::Full { salt, content } => Shown::full(salt, content),
            Self::Redacted { content, salts, erased } => Shown::partial(content, salts, erased),
        }
    }
}

fn object(content: &[u8]) -> Result<Object<'_>, BodyError> {
    match parse(content, &Limits::STORED)? {
        Value::Object(object) => Ok(object),
        _ => Err(BodyError::NotAnObject),
    }
}

fn hash_of(commitments: impl Iterator<Item = Hash>) -> Hash {
    content_hash(&commitments.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
