//! The reading half: from the body to chunks that are ready to be written.

use std::{sync::atomic::Ordering, time::Duration};

use custody_auth::Scope;
use custody_ingest::{Format, Ingest, RawItem, Sent, SplitError, SplitErrorKind, Splitter, Unnamed};
use tokio::{
    sync::mpsc::Sender,
    time::{Instant, timeout_at},
};

use super::chunk::{BYTES_MAX, Chunk, Content, ITEMS_MAX, Progress};
use crate::{
    extract::{decoded::Decoded, halt::Halt, memory::Reservation},
    problem::{Fault, Kind, Problem},
};

/// After so many bytes without a chunk the other tasks of this thread get their turn.
const TURN_BYTES: usize = 256 << 10;

/// The last resort: a client that just keeps the pace that is asked of it could send for weeks.
pub(crate) const TIME_MAX: Duration = Duration::from_hours(1);

pub(super) struct Intake<'r> {
    pub(super) ingest: &'r Ingest,
    pub(super) scope: &'r Scope,
    pub(super) format: Format,
    /// The request's `Idempotency-Key`.
    pub(super) key: Option<&'r str>,
    pub(super) body: Decoded,
    pub(super) reserved: Reservation,
    pub(super) progress: &'r Progress,
}

/// Items on their way into a chunk.
#[derive(Default)]
struct Gathering {
    items: Vec<RawItem>,
    /// Of the body, since the last chunk.
    bytes: usize,
    /// Of the body, since others had their turn.
    since_turn: usize,
    /// Items handed on.
    handed_on: u64,
}

impl Gathering {
    fn is_full(&self) -> bool {
        self.items.len() >= ITEMS_MAX || (self.bytes >= BYTES_MAX && !self.items.is_empty())
    }
}

impl Intake<'_> {
    /// Reads the body to its end, or to where it cannot be read on. An error is the request's, and
    /// only comes while no item was whole.
    pub(super) async fn run(mut self, mut splitter: Splitter, to: Sender<Chunk>) -> Result<(), Problem> {
        let mut gathering = Gathering::default();
        let due = Instant::now() + TIME_MAX;
        let ended = self.read(&mut splitter, &mut gathering, due, &to).await;
        let found = splitter.found();
        let is_sending_on = match &ended {
            Ok(Ended::Whole) => false,
            Ok(Ended::Stopped(_)) => true,
            Err(halt) => halt.leaves_the_client_sending(),
        };
        let (rest, unread) = match ended {
            Ok(Ended::Whole) => match splitter.finish(&mut gathering.items) {
                Ok(()) => (None, None),
                Err(error) if found == 0 => return Err(refused(&error)),
                Err(error) => after_fault(error),
            },
            Ok(Ended::Stopped(why)) => (None, Some(unread(why))),
            Err(halt) if found == 0 => return Err(halt.into()),
            Err(halt) => after_halt(&halt, splitter),
        };
        gathering.items.extend(rest);
        while !gathering.items.is_empty() {
            self.hand_on_some(&mut gathering, &to).await;
        }
        if let Some(told) = unread {
            self.hand_on(&to, Content::Unread(told), 0).await;
        }
        if is_sending_on {
            // The answer may be long; were it begun now, both sides might send and neither read.
            let _ = timeout_at(due, self.body.discard()).await;
        }
        Ok(())
    }

    async fn read(
        &mut self,
        splitter: &mut Splitter,
        gathering: &mut Gathering,
        due: Instant,
        to: &Sender<Chunk>,
    ) -> Result<Ended, Halt> {
        while let Some(piece) = self.body.next().await? {
            if Instant::now() > due {
                return Err(Halt::TooLong { most: TIME_MAX });
            }
            splitter.push(&piece, &mut gathering.items);
            gathering.bytes += piece.len();
            gathering.since_turn += piece.len();
            if splitter.is_broken() && splitter.found() == 0 {
                break;
            }
            self.reserve(splitter, gathering).await.map_err(Halt::NoMemory)?;
            while gathering.is_full() {
                self.hand_on_some(gathering, to).await;
            }
            if let Some(why) = self.progress.stopped() {
                return Ok(Ended::Stopped(why));
            }
            if gathering.since_turn >= TURN_BYTES {
                gathering.since_turn = 0;
                tokio::task::yield_now().await;
            }
        }
        Ok(Ended::Whole)
    }

    /// Prepares as many as a chunk may have.
    async fn hand_on_some(&mut self, gathering: &mut Gathering, to: &Sender<Chunk>) {
        let more = gathering.items.split_off(gathering.items.len().min(ITEMS_MAX));
        let items = std::mem::replace(&mut gathering.items, more);
        let bytes = std::mem::take(&mut gathering.bytes);
        gathering.since_turn = 0;
        let count = items.len();
        let content = if self.progress.has_given_up() {
            Content::Untried(count)
        } else {
            let unnamed = match self.key {
                Some(key) => Unnamed::Request { key, first: gathering.handed_on },
                None => Unnamed::Nothing,
            };
            let sent = Sent { format: self.format, unnamed };
            match self.ingest.prepare(self.scope, &sent, items).await {
                Ok(prepared) => Content::Prepared(prepared),
                Err(error) => Content::Failed(count, error),
            }
        };
        gathering.handed_on += count as u64;
        self.hand_on(to, content, bytes).await;
    }

    async fn hand_on(&mut self, to: &Sender<Chunk>, content: Content, bytes: usize) {
        self.progress.bytes_in_hand.fetch_add(bytes, Ordering::Relaxed);
        // Nobody takes it only where the whole request is refused already.
        let _ = to.send(Chunk { content, bytes }).await;
    }

    /// Counts what is held. It only grows: a body in its course holds about the same all the time.
    async fn reserve(&mut self, splitter: &Splitter, gathering: &Gathering) -> Result<(), Problem> {
        // An item that is not held is read past: its bytes are gone.
        let gathered = if gathering.items.is_empty() { 0 } else { gathering.bytes };
        let held = splitter.memory_bytes() + self.body.window_bytes();
        let in_hand = self.progress.bytes_in_hand.load(Ordering::Relaxed);
        self.reserved.grow(gathered.min(BYTES_MAX) + held + in_hand).await?;
        Ok(())
    }
}

enum Ended {
    Whole,
    /// The writing half wants no more, and says why.
    Stopped(&'static str),
}

/// The items, if any, and the word for what is not one.
type Tail = (Option<RawItem>, Option<String>);

/// What stands from the fault on is one item, and kept; where nothing does, it is said all the same.
fn after_fault(mut error: SplitError) -> Tail {
    let rest = error.rest.take();
    tail(rest.map(|rest| *rest), &format!("from here on the body cannot be told apart ({error})"))
}

fn after_halt(halt: &Halt, splitter: Splitter) -> Tail {
    if splitter.is_broken() || halt.ends_within_an_item() {
        tail(splitter.break_off(), &halt.to_string())
    } else {
        (None, Some(unread(&halt.to_string())))
    }
}

fn tail(rest: Option<RawItem>, why: &str) -> Tail {
    let told = format!("{why}; what came before it was taken item by item: send the rest again");
    match rest {
        Some(rest) => (Some(RawItem { fault: Some(told), ..rest }), None),
        None => (None, Some(told)),
    }
}

fn unread(why: &str) -> String {
    format!("{why}; neither this item nor any that follows was taken: send them in another body")
}

fn refused(error: &SplitError) -> Problem {
    let offset = usize::try_from(error.offset).ok();
    let fault = Fault { offset, ..Fault::at("", error.to_string()) };
    let detail = match error.kind {
        SplitErrorKind::Empty => "The body is empty.",
        _ => "The body's items cannot be told apart; nothing of it was kept.",
    };
    Problem::new(Kind::MalformedJson, detail).fault(fault)
}
