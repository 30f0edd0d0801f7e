//! Anchors: checkpoints that lie where the database's owner has no hand in them.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};
use custody_domain::Hash;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use walkdir::WalkDir;

use super::Keys;
use crate::log::{Anchored, Log};

/// Asked for at once.
const REQUESTS: usize = 8;
/// No note is longer.
const NOTE_BYTES_MAX: u64 = 64 * 1024;

/// What lies under the name of an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    /// For a person.
    pub(super) name: String,
    /// None where there is no such object, though there should be.
    pub(super) note: Option<String>,
    /// Epoch and size, as its name has them, and the root that the database has of it.
    pub(super) said: Option<(u32, u64, Option<Hash>)>,
}

/// Those of the server: what it lists, read from its object store.
pub(super) async fn of_server(log: &Log) -> anyhow::Result<Vec<Anchor>> {
    let listed = log.anchors().await.context("cannot read the server's anchors")?;
    let read = |anchored: Anchored| async move {
        let Anchored { epoch, size, root } = anchored;
        let note = log.anchor(epoch, size).await.context("cannot read the server's anchors")?;
        let name = format!("the server's anchor of epoch {epoch}, size {size},");
        anyhow::Ok(Anchor { name, note, said: Some((epoch, size, root)) })
    };
    stream::iter(listed).map(read).buffered(REQUESTS).try_collect().await
}

/// Those in a folder that was copied out of the object store, however deep; what other logs have there
/// is left out. An error where there is none of this log.
pub(super) fn in_folder(folder: &Path, keys: &Keys) -> anyhow::Result<Vec<Anchor>> {
    let mut anchors = Vec::new();
    for file in WalkDir::new(folder).sort_by_file_name() {
        let file = file.with_context(|| format!("cannot read the anchors in {}", folder.display()))?;
        let path = file.path();
        if !file.file_type().is_file() || path.extension().is_none_or(|extension| extension != "note") {
            continue;
        }
        let cannot = || format!("cannot read the anchor {}", path.display());
        let is_note = file.metadata().with_context(cannot)?.len() <= NOTE_BYTES_MAX;
        let bytes = if is_note { fs::read(path).with_context(cannot)? } else { Vec::new() };
        let note = String::from_utf8_lossy(&bytes).into_owned();
        if !keys.is_of_another(&note) {
            let name = format!("the anchor {}", path.display());
            anchors.push(Anchor { name, note: Some(note), said: None });
        }
    }
    if anchors.is_empty() {
        bail!("there is no anchor of the log {} in {}", keys.origin(), folder.display());
    }
    Ok(anchors)
}
