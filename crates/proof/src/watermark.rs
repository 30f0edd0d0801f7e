//! The watermark: what a log signs of its completeness. "Everything received up to then: so many
//! entries, this root, and these numbers of producers have not come." docs/completeness.md.

use chrono::{DateTime, Utc};
use custody_domain::{
    Hash, canonical,
    json::Value,
    producer::{Gap, Run},
    time::rfc3339_millis,
};
use sha2::{Digest as _, Sha256};

use crate::{
    checkpoint::{Checkpoint, Origin},
    note::{Note, NoteError, Signer},
};

/// Producers are named until the text is so long, in bytes; the rest are in the count and the hash.
const NAMED_BYTES_MAX: usize = 256 << 10;

/// How complete the first `size` entries of a log are, by what their producers numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    pub size: u64,
    pub root: Hash,
    /// When the last of these entries was received: every later one was received then or later.
    /// None in an empty log.
    pub received_until: Option<DateTime<Utc>>,
    /// Producers that are watched.
    pub producers: u64,
    /// Entries of producers beyond those, whose numbers were not looked at.
    pub unwatched: u64,
    /// The producers of which numbers are missing now, or were in an earlier run, by the bytes of
    /// their ids.
    pub incomplete: Vec<(String, Run)>,
}

impl Watermark {
    /// The first line: not the log's origin, so that no checkpoint can be mistaken for it.
    pub fn first_line(origin: &Origin) -> String {
        format!("{origin}/watermark")
    }

    /// What is signed.
    pub fn to_text(&self, origin: &Origin) -> String {
        let tree = Checkpoint { origin: Self::first_line(origin), size: self.size, root: self.root };
        let until = self.received_until.map(rfc3339_millis);
        let sum = |count: fn(&Run) -> u64| {
            self.incomplete.iter().fold(0_u64, |sum, (_, run)| sum.saturating_add(count(run)))
        };
        let (mut named, mut hash, mut unnamed) = (String::new(), Sha256::new(), 0_u64);
        for (id, run) in &self.incomplete {
            let line = line(id, run);
            hash.update(&line);
            if unnamed == 0 && named.len() + line.len() <= NAMED_BYTES_MAX {
                named.push_str(&line);
            } else {
                unnamed += 1;
            }
        }
        format!(
            "{}received-until {}\nproducers {}\nunwatched {}\nincomplete {}\nmissing {}\n\
             missing-earlier {}\nincomplete-sha256 {}\n{named}unnamed {unnamed}\n",
            tree.to_text(),
            until.as_deref().unwrap_or("-"),
            self.producers,
            self.unwatched,
            self.incomplete.len(),
            sum(Run::missing),
            sum(|run| run.missing_earlier),
            hex::encode(hash.finalize()),
        )
    }

    pub fn sign(&self, origin: &Origin, signers: &[&Signer]) -> Result<Note, NoteError> {
        Note::sign(&self.to_text(origin), signers)
    }
}

/// `producer <run> <missing> <missing earlier> <of them, not kept one by one> <gaps> <id>`
fn line(id: &str, run: &Run) -> String {
    let gaps: Vec<_> = run.gaps.as_slice().iter().map(range).collect();
    let gaps = if gaps.is_empty() { "-".to_owned() } else { gaps.join(",") };
    // Last, because it may have any character; as canonical JSON, because of newlines.
    let id = canonical::to_vec(&Value::String(id.into()));
    format!(
        "producer {} {} {} {} {gaps} {}\n",
        run.run,
        run.missing(),
        run.missing_earlier,
        run.gaps_dropped,
        String::from_utf8_lossy(&id)
    )
}

fn range(gap: &Gap) -> String {
    if gap.from == gap.to { gap.from.to_string() } else { format!("{}-{}", gap.from, gap.to) }
}

#[cfg(test)]
mod tests;
