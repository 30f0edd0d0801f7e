//! What became of everything that was read.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::faults::FileFault;
use crate::text::{count, shown};

/// Faults that are listed; further ones are counted.
const FAULTS_LISTED_MAX: usize = 100;

/// The counts of one import. `read = accepted + duplicate + quarantined + retry + failed`.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Files that were opened and read as far as they go.
    pub files: u64,
    /// Items found in them.
    pub read: u64,
    pub accepted: u64,
    /// Taken by an earlier import, twice in this one, or by a try whose answer was lost.
    pub duplicate: u64,
    /// Kept by the server, but not as entries; by reason.
    pub quarantined: BTreeMap<String, u64>,
    /// Put off by the server until we stopped trying.
    pub retry: u64,
    /// Sent or about to be sent when the server refused or went away.
    pub failed: u64,
    /// Items that were sent again, because a request broke off, met a failing server, or was answered
    /// without them: each counts once, however often that was.
    pub sent_again: u64,
    /// Places in files that could not be read.
    pub unreadable: u64,
    /// Files in folders that do not look as if they held events, by their names.
    pub passed_over: u64,
    faults: Vec<FileFault>,
    /// Why the import stopped before the last file, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Whether it stopped for something that passes by itself; a credential that may not write does not.
    #[serde(skip)]
    pub(super) may_pass: bool,
}

impl Summary {
    /// Whether all that was named is in the log now.
    pub fn is_complete(&self) -> bool {
        self.quarantined.is_empty()
            && self.retry + self.failed + self.unreadable == 0
            && self.stopped.is_none()
    }

    pub(super) fn fault(&mut self, fault: FileFault) {
        self.unreadable += 1;
        if self.faults.len() < FAULTS_LISTED_MAX {
            self.faults.push(fault);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} read from {}: {} accepted, {} duplicate",
            count(self.read, "event", "events"),
            count(self.files, "file", "files"),
            self.accepted,
            self.duplicate
        )?;
        let quarantined: u64 = self.quarantined.values().sum();
        if quarantined > 0 {
            let reasons: Vec<_> = self.quarantined.iter().map(|(r, n)| format!("{} {n}", shown(r))).collect();
            write!(f, ", {quarantined} quarantined ({})", reasons.join(", "))?;
        }
        for (n, word) in [(self.retry, "put off"), (self.failed, "failed")] {
            if n > 0 {
                write!(f, ", {n} {word}")?;
            }
        }
        if self.unreadable > 0 {
            write!(f, "\n{} could not be read", count(self.unreadable, "place", "places"))?;
        }
        if self.passed_over > 0 {
            let files = count(self.passed_over, "file", "files");
            write!(f, "\n{files} passed over (neither .json, .ndjson, .jsonl nor .log)")?;
        }
        if self.sent_again > 0 {
            let again = count(self.sent_again, "event was", "events were");
            write!(f, "\n{again} sent again under the same key: none is in the log twice")?;
        }
        if let Some(why) = &self.stopped {
            write!(f, "\nstopped early: {why}")?;
        }
        let is_worth_it = self.stopped.is_none() || self.may_pass;
        if is_worth_it && (self.retry + self.failed > 0 || self.stopped.is_some()) {
            write!(
                f,
                "\nRun the same command again to go on: events with an id of their own are not taken twice."
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_import_is_one_line() {
        let summary = Summary { files: 1, read: 3, accepted: 2, duplicate: 1, ..Summary::default() };
        assert_eq!(summary.to_string(), "3 events read from 1 file: 2 accepted, 1 duplicate");
        assert!(summary.is_complete());
    }

    #[test]
    fn what_was_not_taken_is_said_and_is_not_complete() {
        let summary = Summary {
            files: 2,
            read: 9,
            accepted: 1,
            quarantined: [("schema".to_owned(), 2), ("time".to_owned(), 1)].into(),
            retry: 2,
            failed: 3,
            sent_again: 1,
            unreadable: 1,
            ..Summary::default()
        };
        assert_eq!(
            summary.to_string(),
            "9 events read from 2 files: 1 accepted, 0 duplicate, 3 quarantined (schema 2, time 1), 2 put off, 3 failed\n\
             1 place could not be read\n\
             1 event was sent again under the same key: none is in the log twice\n\
             Run the same command again to go on: events with an id of their own are not taken twice."
        );
        assert!(!summary.is_complete());
        let stopped = |may_pass| Summary {
            failed: 3,
            stopped: Some("The credential may not do this".to_owned()),
            may_pass,
            ..Summary::default()
        };
        assert!(stopped(true).to_string().contains("Run the same command again"));
        assert!(!stopped(false).to_string().contains("Run the same command again"));
        let quarantined = Summary { quarantined: [("time".to_owned(), 1)].into(), ..Summary::default() };
        assert!(!quarantined.is_complete());
    }
}
