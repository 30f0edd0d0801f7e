//! Where an export is written to: a file that is there once it is whole, or standard output.

use std::{
    fs::{self, File},
    io::{self, BufWriter, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

const BUFFER_BYTES: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Target {
    out: Out,
    /// The file that is written, and the name that it gets.
    file: Option<(PathBuf, PathBuf)>,
}

#[derive(Debug)]
enum Out {
    File(BufWriter<File>),
    Standard(BufWriter<io::Stdout>),
}

impl Target {
    /// `readable`: by a person, in a terminal.
    pub(super) fn open(path: &Path, readable: bool) -> anyhow::Result<Self> {
        if path.as_os_str() == "-" {
            if !readable && io::stdout().is_terminal() {
                bail!("this is not for a terminal; name a file with --output");
            }
            let out = Out::Standard(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()));
            return Ok(Self { out, file: None });
        }
        let part = path.with_added_extension("part");
        let file = File::create(&part).with_context(|| format!("cannot write {}", part.display()))?;
        let out = Out::File(BufWriter::with_capacity(BUFFER_BYTES, file));
        Ok(Self { out, file: Some((part, path.to_owned())) })
    }

    /// The file, while it is written.
    pub(super) fn part(&self) -> Option<&Path> {
        self.file.as_ref().map(|(part, _)| part.as_path())
    }

    /// Gives the file its name.
    pub(super) fn commit(mut self) -> anyhow::Result<()> {
        self.flush()?;
        if let Out::File(file) = &self.out {
            file.get_ref().sync_all()?;
        }
        if let Some((part, path)) = self.file.take() {
            fs::rename(&part, &path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.out {
            Out::File(file) => file.write(bytes),
            Out::Standard(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.out {
            Out::File(file) => file.flush(),
            Out::Standard(out) => out.flush(),
        }
    }
}

/// Half an export is none.
impl Drop for Target {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.file {
            let _ = fs::remove_file(part);
        }
    }
}
