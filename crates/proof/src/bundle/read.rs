//! The verifier's side.

use std::io::{self, BufRead, Read as _};

use chrono::{DateTime, Utc};
use custody_domain::TenantId;
use sha2::{Digest as _, Sha256};

use super::{
    Header, LINE_LENGTH_MAX, QueryHeader, entry_line,
    query::QueryCheck,
    query_lines::{self, Line},
    range::{Fault, RangeCheck},
    write::footer,
};
use crate::{Checkpoint, VerifierKey};

/// What a bundle proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub tenant: TenantId,
    pub claim: Claim,
    pub checkpoint: Checkpoint,
    /// The keys in the bundle, all of which signed the checkpoint.
    pub keys: Vec<String>,
    /// Whether a key that was known before signed it.
    pub is_pinned: bool,
}

/// What its entries are, beside being entries of that log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// These are all entries received between two times.
    Complete {
        from: Option<DateTime<Utc>>,
        /// Where no entry follows in the tree (`is_open`), that is as of the checkpoint: entries may have
        /// been received since.
        to: Option<DateTime<Utc>>,
        is_open: bool,
        first: u64,
        end: u64,
    },
    /// Somebody says that they are what this query matched. There may be others.
    Included { query: String, entries: u64 },
}

/// Why a bundle proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is no bundle, or a part of one.
    #[error("line {line}: {detail}")]
    Unreadable { line: u64, detail: String },
    /// It is not what was exported.
    #[error("line {line}: {fault}")]
    NotProven { line: u64, fault: Fault },
    /// A byte of it was changed.
    #[error("its last line is not the hash of the lines before it: it was changed after it was made")]
    Hash,
}

impl BundleError {
    /// Whether it was tampered with, as against cut off, or not read.
    pub fn is_tampering(&self) -> bool {
        match self {
            Self::Io(_) | Self::Unreadable { .. } => false,
            // Too few entries is what a copy that broke off looks like; a foreign key is the caller's.
            Self::NotProven { fault, .. } => !matches!(fault, Fault::Short(_) | Fault::ForeignKey { .. }),
            Self::Hash => true,
        }
    }
}

/// Reads a bundle to its end and checks all of it: against the keys that are trusted, or against the
/// bundle's own, which then prove who made it no better than the bundle itself. `progress` is told
/// after each entry how many of how many were read.
pub fn check(
    input: impl BufRead,
    trusted: &[VerifierKey],
    mut progress: impl FnMut(u64, u64),
) -> Result<Checked, BundleError> {
    let mut lines = Lines { input, line: Vec::new(), number: 0, hash: Sha256::new() };
    let line = lines.next()?.ok_or_else(|| unreadable(1, "it is empty"))?;
    if let Some(header) = QueryHeader::of_line(line) {
        let header = header.map_err(|detail| unreadable(1, detail))?;
        return included(lines, header, trusted, progress);
    }
    let header = Header::of_line(line).map_err(|detail| unreadable(1, detail))?;
    let mut range =
        RangeCheck::begin(&header, trusted).map_err(|fault| BundleError::NotProven { line: 1, fault })?;
    while range.wanted().is_some() {
        let number = lines.number + 1;
        let line =
            lines.next()?.ok_or_else(|| unreadable(number, "the bundle ends before its last entry"))?;
        let entry = entry_line::read(line).map_err(|detail| unreadable(number, detail))?;
        let not_proven = |fault| BundleError::NotProven { line: number, fault };
        range.entry(entry.seq, entry.id, &entry.body).map_err(not_proven)?;
        progress(entry.seq + 1 - header.first, header.end - header.first);
    }
    range.end().map_err(|fault| BundleError::NotProven { line: lines.number, fault })?;
    lines.footer()?;
    Ok(Checked {
        tenant: header.tenant,
        claim: Claim::Complete {
            from: header.from,
            to: header.to,
            is_open: header.after.is_none(),
            first: header.first,
            end: header.end,
        },
        checkpoint: range.checkpoint,
        keys: header.keys,
        is_pinned: range.is_pinned,
    })
}

/// The rest of a bundle of a query's entries.
fn included(
    mut lines: Lines<impl BufRead>,
    header: QueryHeader,
    trusted: &[VerifierKey],
    mut progress: impl FnMut(u64, u64),
) -> Result<Checked, BundleError> {
    let not_proven = |line| move |fault| BundleError::NotProven { line, fault };
    let mut check = QueryCheck::begin(&header, trusted).map_err(not_proven(1))?;
    loop {
        let number = lines.number + 1;
        let line = lines.next()?.ok_or_else(|| unreadable(number, "the bundle ends before its end"))?;
        match query_lines::read(line).map_err(|detail| unreadable(number, detail))? {
            Line::Entry { entry, skip } => {
                check.entry(entry.seq, entry.id, &entry.body, &skip).map_err(not_proven(number))?;
                progress(entry.seq + 1, check.checkpoint.size);
            }
            Line::Rest { entries, rest } => {
                check.end(entries, &rest).map_err(not_proven(number))?;
                break;
            }
        }
    }
    lines.footer()?;
    Ok(Checked {
        tenant: header.tenant,
        claim: Claim::Included { query: header.query, entries: check.entries },
        checkpoint: check.checkpoint,
        keys: header.keys,
        is_pinned: check.is_pinned,
    })
}

struct Lines<R> {
    input: R,
    line: Vec<u8>,
    /// Of the line that was read last, from 1.
    number: u64,
    hash: Sha256,
}

impl<R: BufRead> Lines<R> {
    /// A line without its newline, which it must have.
    fn next(&mut self) -> Result<Option<&[u8]>, BundleError> {
        if !self.read()? {
            return Ok(None);
        }
        self.hash.update(&self.line);
        match self.line.strip_suffix(b"\n") {
            Some(line) => Ok(Some(line)),
            None => Err(unreadable(self.number, "it is cut off, or too long")),
        }
    }

    /// The last line, and nothing after it.
    fn footer(mut self) -> Result<(), BundleError> {
        let expected = footer(self.hash.clone());
        if !self.read()? {
            return Err(unreadable(
                self.number + 1,
                "the last line, with the hash of the others, is missing",
            ));
        }
        if self.line != expected {
            return Err(BundleError::Hash);
        }
        if self.read()? { Err(unreadable(self.number, "something follows the last line")) } else { Ok(()) }
    }

    fn read(&mut self) -> io::Result<bool> {
        self.line.clear();
        let limit = LINE_LENGTH_MAX as u64;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line)?;
        self.number += u64::from(read > 0);
        Ok(read > 0)
    }
}

fn unreadable(line: u64, detail: impl Into<String>) -> BundleError {
    BundleError::Unreadable { line, detail: detail.into() }
}
