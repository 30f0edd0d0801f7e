//! A file on its way, which a later run goes on with.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::checked::Came;

const BUFFER_BYTES: usize = 1 << 20;

/// `FILE.part`, and what of it is there.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    on_its_way: PathBuf,
    path: PathBuf,
    pub(super) came: Came,
}

impl Part {
    /// Goes on with what an earlier run left, or begins.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path.as_os_str() == "-" {
            bail!("a job's file can be gone on with only in a file; name one with --output");
        }
        let part = path.with_added_extension("part");
        let mut options = OpenOptions::new();
        let file = options.create(true).read(true).append(true).open(&part);
        let mut file = file.with_context(|| format!("cannot write {}", part.display()))?;
        let (mut came, mut buffer) = (Came::default(), vec![0; BUFFER_BYTES]);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => came.add(buffer.get(..read).unwrap_or_default()),
            }
        }
        Ok(Self { file, on_its_way: part, path: path.to_owned(), came })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.came.add(bytes);
        Ok(())
    }

    /// Gives the file its name.
    pub(super) fn commit(self) -> anyhow::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.on_its_way, &self.path)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// What is there is not what it should be: nobody can go on with it.
    pub(super) fn discard(self) -> io::Result<()> {
        fs::remove_file(&self.on_its_way)
    }
}
