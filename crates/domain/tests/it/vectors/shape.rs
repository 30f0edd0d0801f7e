//! The shape of docs/vectors/v1.json. All hashes, salts and bodies are lower-case hex.

use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Vectors {
    pub(crate) about: &'static str,
    pub(crate) version: u8,
    pub(crate) canonical: Vec<CanonicalCase>,
    pub(crate) entries: Vec<EntryCase>,
    pub(crate) redacted: Vec<Redacted>,
    pub(crate) disclosed: Vec<Disclosed>,
    pub(crate) tree: Tree,
}

/// One JSON text and its canonical form; pointers are relative to the text.
#[derive(Serialize)]
pub(crate) struct CanonicalCase {
    pub(crate) source: String,
    pub(crate) canonical: String,
    pub(crate) number_as_text: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct EntryCase {
    pub(crate) name: String,
    /// The content before its numbers were normalised, as JSON text.
    pub(crate) source: String,
    pub(crate) tenant_id: String,
    pub(crate) id: String,
    pub(crate) seq: u64,
    pub(crate) received_at: String,
    pub(crate) entry_salt: String,
    pub(crate) canonical: String,
    pub(crate) members: Vec<Member>,
    pub(crate) content_hash: String,
    pub(crate) leaf_data: String,
    pub(crate) leaf_hash: String,
    pub(crate) body: String,
}

#[derive(Serialize)]
pub(crate) struct Member {
    pub(crate) pointer: String,
    pub(crate) value: String,
    pub(crate) salt: String,
    pub(crate) hash: String,
}

/// The body of the entry `of` after `erase`.
#[derive(Serialize)]
pub(crate) struct Redacted {
    pub(crate) of: String,
    pub(crate) erase: Vec<String>,
    pub(crate) content_hash: String,
    pub(crate) body: String,
}

/// What is shown of the entry `of`, of which something may have been erased before.
#[derive(Serialize)]
pub(crate) struct Disclosed {
    pub(crate) of: String,
    pub(crate) erased_before: Vec<String>,
    pub(crate) show: Vec<String>,
    pub(crate) content_hash: String,
    pub(crate) json: String,
}

/// Over the leaf hashes of the entries: every root, every inclusion and every consistency proof.
#[derive(Serialize)]
pub(crate) struct Tree {
    pub(crate) leaf_hashes: Vec<String>,
    /// By size, from 0.
    pub(crate) roots: Vec<String>,
    pub(crate) inclusion: Vec<Inclusion>,
    pub(crate) consistency: Vec<Consistency>,
}

#[derive(Serialize)]
pub(crate) struct Inclusion {
    pub(crate) leaf_index: usize,
    pub(crate) tree_size: usize,
    pub(crate) hashes: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct Consistency {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) hashes: Vec<String>,
}
