//! A tenant's folder. Each part is one file, named by what is in it: so the list of names says how far
//! the index is, and nothing else has to agree with it.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    ops::Range,
    path::{Path, PathBuf},
};

use custody_domain::{EntryId, TenantId};
use tantivy::{Directory as _, directory::MmapDirectory};

use super::{PartError, part::Part};

const EXTENSION: &str = "part";

/// `first seq`-`seq after the last`-`last id`.part
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) seqs: Range<u64>,
    pub(super) last_id: EntryId,
}

impl Name {
    fn to_file(&self) -> String {
        format!("{:020}-{:020}-{}.{EXTENSION}", self.seqs.start, self.seqs.end, self.last_id)
    }

    fn of(file: &str) -> Option<Self> {
        let mut parts = file.strip_suffix(EXTENSION)?.strip_suffix('.')?.splitn(3, '-');
        let (start, end) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let last_id = parts.next()?.parse().ok()?;
        let name = Self { seqs: start..end, last_id };
        (start < end && name.to_file() == file).then_some(name)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn of(root: &Path, tenant: TenantId) -> Self {
        Self(root.join(tenant.to_string()))
    }

    /// What is in it, by where it begins, none of them within another. What a crash left half done is
    /// removed.
    pub(super) fn list(&self) -> io::Result<Vec<Name>> {
        let files = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut names = Vec::new();
        for file in files {
            let file = file?;
            match file.file_name().to_str().and_then(Name::of) {
                Some(name) => names.push(name),
                None => fs::remove_file(file.path())?,
            }
        }
        // Of parts that begin together the one that holds the others is the one that was made of them.
        names.sort_by(|one, other| (one.seqs.start, other.seqs.end).cmp(&(other.seqs.start, one.seqs.end)));
        let mut kept: Vec<Name> = Vec::new();
        for name in names {
            if kept.last().is_some_and(|last| name.seqs.end <= last.seqs.end) {
                self.remove(&name)?;
            } else {
                kept.push(name);
            }
        }
        Ok(kept)
    }

    pub(super) fn open(&self, name: &Name) -> Result<Part, PartError> {
        let file = MmapDirectory::open(&self.0).map_err(tantivy::TantivyError::from)?;
        let part = Part::open(file.get_file_handle(Path::new(&name.to_file()))?)?;
        let last = part.count() - 1;
        if part.seqs() != name.seqs || part.id(last) != name.last_id {
            return Err(PartError::Damaged);
        }
        Ok(part)
    }

    /// All of it, or nothing: it is on the disk when this answers.
    pub(super) fn write(&self, name: &Name, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let path = self.0.join(name.to_file());
        let fresh = path.with_extension("new");
        let written = (|| {
            let mut file = File::create(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.0)?.sync_all()
        })();
        if written.is_err() {
            let _ = fs::remove_file(&fresh);
        }
        written
    }

    pub(super) fn remove(&self, name: &Name) -> io::Result<()> {
        fs::remove_file(self.0.join(name.to_file()))
    }
}
