//! What a file's reader has found, in batches.

use custody_store::findings::BATCH_MAX;
use tokio::sync::mpsc;

use super::report::{Broken, REFUSALS_TOLD, Refusal};
use crate::finding::{Context, NewFinding, Refused};

/// A batch of long findings is shorter.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// What goes to who keeps them.
#[derive(Debug)]
pub(super) enum Message {
    /// `places` are those of the findings.
    Batch {
        findings: Vec<NewFinding>,
        places: Vec<Place>,
        refused: u64,
        refusals: Vec<Refusal>,
    },
    End(Option<Broken>),
}

/// Where something stands in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) index: u64,
    pub(super) line: u64,
    pub(super) byte: u64,
}

/// Nobody waits for more.
#[derive(Debug)]
pub(super) struct Unwanted;

pub(super) struct Batches {
    sender: mpsc::Sender<Message>,
    pub(super) context: Context,
    findings: Vec<NewFinding>,
    places: Vec<Place>,
    bytes: usize,
    refused: u64,
    refusals: Vec<Refusal>,
    told: usize,
}

impl Batches {
    pub(super) fn new(sender: mpsc::Sender<Message>, context: Context) -> Self {
        Self {
            sender,
            context,
            findings: Vec::new(),
            places: Vec::new(),
            bytes: 0,
            refused: 0,
            refusals: Vec::new(),
            told: 0,
        }
    }

    pub(super) fn add(&mut self, place: Place, finding: Result<NewFinding, Refused>) -> Result<(), Unwanted> {
        match finding {
            Ok(finding) => {
                self.bytes += finding.text.len();
                self.findings.push(finding);
                self.places.push(place);
            }
            Err(refused) => self.refuse(place, refused),
        }
        if self.findings.len() == BATCH_MAX || self.bytes >= BATCH_BYTES_MAX {
            self.send()?;
        }
        Ok(())
    }

    pub(super) fn end(&mut self, broken: Option<Broken>) {
        if self.send().is_ok() {
            // Where nobody waits for more there is nobody to tell.
            let _ = self.sender.blocking_send(Message::End(broken));
        }
    }

    fn refuse(&mut self, place: Place, refused: Refused) {
        self.refused += 1;
        if self.told < REFUSALS_TOLD {
            self.told += 1;
            self.refusals.push(Refusal::at(place, refused));
        }
    }

    fn send(&mut self) -> Result<(), Unwanted> {
        self.bytes = 0;
        let batch = Message::Batch {
            findings: std::mem::take(&mut self.findings),
            places: std::mem::take(&mut self.places),
            refused: std::mem::take(&mut self.refused),
            refusals: std::mem::take(&mut self.refusals),
        };
        self.sender.blocking_send(batch).map_err(|_| Unwanted)
    }
}
