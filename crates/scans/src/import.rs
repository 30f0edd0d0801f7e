//! Findings from a file: OCSF as a JSON array or a finding a line, Prowler's CSV, ASFF, SARIF; plain, gzip
//! or zstd; each told by what it looks like.
//!
//! The file is read, unpacked and taken apart on a thread of its own, a few batches ahead of who keeps
//! them. What is broken is told by its place, and costs no finding but itself where the next can be found.

mod asff;
mod batches;
mod json_file;
mod reading;
mod report;
mod sarif;
mod table_file;
mod unpack;

use tokio::{io::AsyncRead, sync::mpsc};
use tokio_util::io::SyncIoBridge;

use crate::finding::{Context, NewFinding};
use batches::{Batches, Message, Place};
pub use report::{Broken, Refusal, Report};

/// Batches that may wait to be kept, besides the one that is made and the one that is kept.
const BATCHES_WAITING: usize = 1;

/// What a file may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Unpacked.
    pub bytes_max: u64,
}

impl Default for Bounds {
    /// 16 GiB: some million findings.
    fn default() -> Self {
        Self { bytes_max: 16 << 30 }
    }
}

/// A file that is being read. Dropped, it is read no further.
#[derive(Debug)]
pub struct Import {
    messages: mpsc::Receiver<Message>,
    report: Report,
    /// Of the findings that were given last.
    places: Vec<Place>,
    ended: bool,
}

impl Import {
    /// Begins to read. Within a Tokio runtime.
    pub fn start(file: impl AsyncRead + Send + Unpin + 'static, context: Context, bounds: Bounds) -> Self {
        let (sender, messages) = mpsc::channel(BATCHES_WAITING);
        let file = SyncIoBridge::new(file);
        tokio::task::spawn_blocking(move || {
            reading::read(file, bounds, &mut Batches::new(sender, context));
        });
        Self { messages, report: Report::default(), places: Vec::new(), ended: false }
    }

    /// The next findings to be kept, at most [`custody_store::findings::BATCH_MAX`]; none at the end. What
    /// is already given stays good whatever follows.
    pub async fn next(&mut self) -> Option<Vec<NewFinding>> {
        while !self.ended {
            match self.messages.recv().await {
                Some(Message::Batch { findings, places, refused, refusals }) => {
                    self.report.refuse(refused, refusals);
                    self.places = places;
                    if !findings.is_empty() {
                        return Some(findings);
                    }
                }
                Some(Message::End(broken)) => {
                    self.report.broken = broken;
                    self.ended = true;
                }
                None => {
                    self.report.broken = Some(Broken::unexplained());
                    self.ended = true;
                }
            }
        }
        None
    }

    /// Counts the batch that was given last, once it is kept, by what
    /// [`custody_store::findings::insert`] answered.
    pub fn kept(&mut self, batch: &[NewFinding], inserted: &[custody_store::findings::Inserted]) {
        self.report.count(batch, &self.places, inserted);
    }

    /// What came of it so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    pub fn into_report(self) -> Report {
        self.report
    }
}
