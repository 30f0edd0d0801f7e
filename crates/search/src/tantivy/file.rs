//! A part as one file: the index's own files side by side, then where each stands, then a checksum.
//!
//! ```text
//! files… ‖ directory (JSON) ‖ u32 length of the directory ‖ u32 CRC-32 of all before ‖ "CUSTPRT1"
//! ```
//! Numbers are little-endian. A part is written whole or not at all, and never changed.

use std::{collections::BTreeMap, ops::Range, path::PathBuf, sync::Arc};

use custody_domain::query::{ANALYSER_VERSION, terms::TERMS_VERSION};
use serde::{Deserialize, Serialize};
use tantivy::{
    Directory as _, Index,
    directory::{FileHandle, FileSlice, OwnedBytes, RamDirectory},
    index::SegmentComponent,
};

use super::{PartError, bundle::Bundle, schema};

const MAGIC: &[u8; 8] = b"CUSTPRT1";
const FOOTER_BYTES: usize = 4 + 4 + MAGIC.len();
/// Rises when the schema or this file's form changes.
const FORMAT_VERSION: u32 = 1;

/// Which entries are in a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) epoch: u32,
    pub(super) first_seq: u64,
    pub(super) count: u32,
    /// Of the last entry, in hex: another log with as many entries has another.
    pub(super) last_leaf: String,
}

#[derive(Serialize, Deserialize)]
struct Directory {
    versions: [u32; 3],
    meta: Meta,
    files: BTreeMap<PathBuf, Range<usize>>,
}

const COMPONENTS: [SegmentComponent; 6] = [
    SegmentComponent::Postings,
    SegmentComponent::Positions,
    SegmentComponent::Terms,
    SegmentComponent::FastFields,
    SegmentComponent::FieldNorms,
    SegmentComponent::Store,
];

const VERSIONS: [u32; 3] = [FORMAT_VERSION, TERMS_VERSION, ANALYSER_VERSION];

/// The file of a finished index of one segment, which lies in `directory`.
pub(super) fn write(index: &Index, directory: &RamDirectory, meta: &Meta) -> Result<Vec<u8>, PartError> {
    let mut out = Vec::new();
    let mut files = BTreeMap::new();
    let segments = index.searchable_segment_metas()?;
    let names = segments.iter().flat_map(|segment| COMPONENTS.map(|one| segment.relative_path(one)));
    for name in names {
        // Of files that a segment may have, it has not all.
        if !directory.exists(&name)? {
            continue;
        }
        let start = out.len();
        let bytes = FileSlice::new(directory.get_file_handle(&name)?);
        out.extend_from_slice(&bytes.read_bytes()?);
        files.insert(name, start..out.len());
    }
    let start = out.len();
    let name = PathBuf::from("meta.json");
    out.extend_from_slice(&directory.atomic_read(&name)?);
    files.insert(name, start..out.len());
    let directory = serde_json::to_vec(&Directory { versions: VERSIONS, meta: meta.clone(), files })?;
    let length = u32::try_from(directory.len()).map_err(|_| PartError::TooMany)?;
    out.extend_from_slice(&directory);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
    out.extend_from_slice(MAGIC);
    Ok(out)
}

/// Opens a part's file, of which nothing is trusted before its checksum.
pub(super) fn open(file: Arc<dyn FileHandle>) -> Result<(Index, Meta), PartError> {
    let whole = FileSlice::new(file);
    let directory = directory(&whole.read_bytes()?).ok_or(PartError::Damaged)?;
    if directory.versions != VERSIONS {
        return Err(PartError::OtherVersion);
    }
    let files = directory.files.into_iter().map(|(name, range)| (name, whole.slice(range))).collect();
    let mut index = Index::open(Bundle::new(files))?;
    index.set_tokenizers(schema::tokenizers());
    Ok((index, directory.meta))
}

fn directory(bytes: &OwnedBytes) -> Option<Directory> {
    let footer = bytes.len().checked_sub(FOOTER_BYTES)?;
    let (body, footer) = bytes.as_slice().split_at_checked(footer)?;
    let number = |at: usize| Some(u32::from_le_bytes(footer.get(at..at + 4)?.try_into().ok()?));
    let (length, sum) = (number(0)?, number(4)?);
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(body);
    hasher.update(footer.get(..4)?);
    if footer.get(8..)? != MAGIC || hasher.finalize() != sum {
        return None;
    }
    let start = body.len().checked_sub(usize::try_from(length).ok()?)?;
    let directory: Directory = serde_json::from_slice(body.get(start..)?).ok()?;
    directory.files.values().all(|range| range.start <= range.end && range.end <= start).then_some(directory)
}
