//! The exporter's side: it writes nothing that a verifier would refuse.

use std::io::{self, Write};

use custody_domain::{Body, EntryId, body::BodyError};
use sha2::{Digest as _, Sha256};

use super::{
    Header, entry_line,
    range::{Fault, RangeCheck},
};

/// Writes a bundle, and checks it on the way.
#[derive(Debug)]
pub struct BundleWriter<W> {
    out: W,
    hash: Sha256,
    check: RangeCheck,
    line: Vec<u8>,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    #[error("cannot be written: {0}")]
    Io(#[from] io::Error),
    #[error("entry {seq} has a body that is none: {source}")]
    Body { seq: u64, source: BodyError },
    /// What the log says does not fit together: it was changed.
    #[error("{0}")]
    NotProven(#[from] Fault),
}

impl<W: Write> BundleWriter<W> {
    pub fn begin(out: W, header: &Header) -> Result<Self, WriteError> {
        let mut writer =
            Self { out, hash: Sha256::new(), check: RangeCheck::begin(header, &[])?, line: header.to_line() };
        writer.line.push(b'\n');
        writer.write_line()?;
        Ok(writer)
    }

    /// The next entry, its body as it is kept (docs/proofs.md, section 5).
    pub fn entry(&mut self, seq: u64, id: EntryId, body: &[u8]) -> Result<(), WriteError> {
        let body = Body::decode(body).map_err(|source| WriteError::Body { seq, source })?;
        self.check.entry(seq, id, &body)?;
        self.line.clear();
        entry_line::write(seq, id, &body, &mut self.line);
        Ok(self.write_line()?)
    }

    /// Writes the last line, if all of it is proven.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.check.end()?;
        let footer = footer(self.hash);
        self.out.write_all(&footer)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_line(&mut self) -> io::Result<()> {
        self.hash.update(&self.line);
        self.out.write_all(&self.line)
    }
}

/// The last line, of the hash of all before it.
pub(super) fn footer(hash: Sha256) -> Vec<u8> {
    format!("{{\"sha256\":\"{}\"}}\n", hex::encode(hash.finalize())).into_bytes()
}
