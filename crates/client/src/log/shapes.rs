//! What the server answers.

use custody_domain::Hash;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    pub(super) next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct KeyItem {
    pub(super) verifier_key: String,
}

/// A checkpoint that the server keeps, and what it says of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Kept {
    pub(crate) epoch: u32,
    pub(crate) size: u64,
    #[serde(deserialize_with = "hash")]
    pub(crate) root: Hash,
    pub(crate) note: String,
    pub(crate) made_at: Option<String>,
}

/// An anchor that the server knows of.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Anchored {
    pub(crate) epoch: u32,
    pub(crate) size: u64,
    /// None where only the object store has it.
    #[serde(deserialize_with = "maybe_hash")]
    pub(crate) root: Option<Hash>,
}

/// That the tree of one size is the beginning of that of another.
#[derive(Debug, Deserialize)]
pub(crate) struct Consistency {
    #[serde(deserialize_with = "hashes")]
    pub(crate) hashes: Vec<Hash>,
}

/// Of an entry, where it is.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct EntryPlace {
    pub(crate) seq: u64,
}

fn hash<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    read(&String::deserialize(deserializer)?)
}

fn maybe_hash<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Hash>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(|text| read(&text)).transpose()
}

fn hashes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
    Vec::<String>::deserialize(deserializer)?.iter().map(|text| read(text)).collect()
}

fn read<E: serde::de::Error>(text: &str) -> Result<Hash, E> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| E::custom("a hash is 64 hex digits"))?;
    Ok(hash)
}
