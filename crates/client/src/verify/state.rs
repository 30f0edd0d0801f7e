//! What is verified already, in a file of the person who verifies: it is trusted as they trust their
//! disk, and the server cannot touch it.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use custody_domain::{EntryId, Hash};
use custody_proof::{CompactRange, Origin};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

/// The part of a log that was verified: the first `size` entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    /// Of the log.
    origin: String,
    size: u64,
    /// Of the compact range `0..size`.
    hashes: Vec<String>,
    #[serde(default)]
    last_id: Option<EntryId>,
}

impl State {
    pub(super) fn new(origin: &Origin, tree: &CompactRange, last_id: Option<EntryId>) -> Self {
        let hashes = tree.hashes().map(hex::encode).collect();
        Self { version: VERSION, origin: origin.to_string(), size: tree.end(), hashes, last_id }
    }

    /// None where there is no file yet.
    pub(super) fn load(path: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let state: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no state of verify", path.display()))?;
        if state.version != VERSION {
            bail!("{} is of another version", path.display());
        }
        Ok(Some(state))
    }

    /// The tree, and the last entry's id; an error where the file is of another log.
    pub(super) fn tree(&self, origin: &Origin) -> anyhow::Result<(CompactRange, Option<EntryId>)> {
        let own: Origin = self.origin.parse().map_err(|error| anyhow::anyhow!("the state's log {error}"))?;
        if (own.log_name(), own.tenant()) != (origin.log_name(), origin.tenant()) {
            bail!("the state is of the log {own}, and the server's is {origin}");
        }
        let hashes = self.hashes.iter().map(|text| {
            let mut hash: Hash = [0; 32];
            hex::decode_to_slice(text, &mut hash).map(|()| hash)
        });
        let hashes = hashes.collect::<Result<Vec<_>, _>>().context("the state has a hash that is none")?;
        let tree = CompactRange::from_hashes(0, self.size, &hashes).context("the state is no tree")?;
        Ok((tree, self.last_id))
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Replaces the file as a whole, or not at all.
    pub(super) fn save(&self, path: &Path) -> anyhow::Result<()> {
        let part = path.with_added_extension("part");
        let write = || -> io::Result<()> {
            let mut file = fs::File::create(&part)?;
            serde_json::to_writer(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&part, path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_state_comes_back_and_serves_its_own_log_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        assert_eq!(State::load(&path).unwrap(), None);
        let origin: Origin = "log/01900000-0000-7000-8000-000000000001/e0".parse().unwrap();
        let mut tree = CompactRange::default();
        (0..5).for_each(|n| tree.append([n; 32]).unwrap());
        let id = "01900000-0001-7000-8000-000000000000".parse().unwrap();
        let state = State::new(&origin, &tree, Some(id));
        state.save(&path).unwrap();
        let read = State::load(&path).unwrap().unwrap();
        assert_eq!(read, state);
        assert_eq!(read.tree(&origin).unwrap(), (tree, Some(id)));
        let other: Origin = "log/01900000-0000-7000-8000-000000000002/e0".parse().unwrap();
        assert!(read.tree(&other).is_err());
        fs::write(&path, "{}").unwrap();
        assert!(State::load(&path).is_err());
    }
}
