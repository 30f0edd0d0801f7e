//! One stream of entries: from a reader of the log to whoever asked.

mod outlet;
mod position;
mod said;
mod word;

use std::time::Duration;

use axum::extract::ws::{CloseCode, close_code};
use custody_auth::{Operation, Scope, op};
use custody_domain::query::Query;
use custody_ingest::reads::{Amount, What};
use custody_search::{Asked, Item, LiveError, Reader};
use serde_json::value::RawValue;
use tokio::time;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub(crate) use self::{
    outlet::{Events, Outlet, SEND_TIME_MAX},
    position::Positions,
    said::MESSAGE_BYTES_MAX,
    word::Word,
};
use crate::{
    App,
    problem::{Kind, Problem},
    socket::{End, every},
    streams::Stream,
    watched_permit::WatchedPermit,
};

/// Says that the stream is alive, and where it is. Less than proxies let a connection be quiet.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After the log could not be read.
const PAUSE: Duration = Duration::from_secs(1);
/// Closes a stream whose log is another one since it was restored.
const RESTORED: CloseCode = 4009;

const STREAMS: &str = "custody_live_streams";

pub(crate) struct LogStream {
    pub(crate) app: App,
    pub(crate) permit: WatchedPermit<op::FollowEntries>,
    /// As the permit was last found.
    pub(crate) scope: Scope,
    /// The client's part.
    pub(crate) query: Query,
    pub(crate) reader: Reader,
    pub(crate) place: Stream,
    pub(crate) running: TaskTrackerToken,
}

impl LogStream {
    pub(crate) async fn run<O: Outlet>(mut self, mut outlet: O) {
        let streams = metrics::gauge!(STREAMS, "transport" => O::TRANSPORT);
        streams.increment(1.0);
        let end = self.until_end(&mut outlet).await;
        outlet.end(end).await;
        streams.decrement(1.0);
        tracing::debug!(tenant.id = %self.scope.tenant(), "a stream of entries has ended");
        drop((self.place, self.running));
    }

    async fn until_end(&mut self, outlet: &mut impl Outlet) -> End {
        let stop = self.app.stop.clone();
        let mut heartbeat = every(HEARTBEAT);
        self.told(1, 0);
        let open = Word::Open { after: self.position(), query: self.query.render() };
        if let Err(end) = outlet.tell(vec![open]).await {
            return end;
        }
        loop {
            let done = tokio::select! {
                // Entries come last: where there are always some, nothing else would have its turn.
                biased;
                () = stop.cancelled() => return End::Close(close_code::AWAY, "the server stops"),
                () = self.permit.due() => self.check().await,
                _ = heartbeat.tick() => outlet.tell(vec![Word::Heartbeat { after: self.position() }]).await,
                heard = outlet.heard() => match heard {
                    Ok(text) => outlet.tell(vec![self.said(&text)]).await,
                    Err(end) => Err(end),
                },
                batch = self.reader.batch() => self.give(outlet, batch).await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// What is still to be sent is looked at anew where another part of the log may be read now.
    async fn check(&mut self) -> Result<(), End> {
        let scope = self.permit.check().await?;
        let changed = scope.grant() != self.scope.grant();
        self.scope = scope;
        if changed {
            self.ask();
        }
        Ok(())
    }

    fn ask(&mut self) {
        self.reader.ask(&self.scope, Asked::new(&self.scope, self.query.clone()));
    }

    fn said(&mut self, text: &str) -> Word {
        match self.changed(text) {
            Ok(()) => Word::Query { after: self.position(), query: self.query.render() },
            Err(problem) => {
                let body = String::from_utf8(problem.body(None)).unwrap_or_default();
                Word::Error { problem: RawValue::from_string(body).unwrap_or_default() }
            }
        }
    }

    /// Each counts as a request does.
    fn changed(&mut self, text: &str) -> Result<(), Problem> {
        let limits = &self.app.edge.limits;
        let standing = limits.check(self.scope.tenant(), &self.scope.principal().to_string());
        if standing.is_some_and(|standing| !standing.allowed()) {
            return Err(Problem::new(Kind::TooManyRequests, "Too many requests; try again later."));
        }
        self.query = said::query(text)?;
        self.ask();
        self.told(1, 0);
        Ok(())
    }

    async fn give(
        &mut self,
        outlet: &mut impl Outlet,
        batch: Result<Vec<Item>, LiveError>,
    ) -> Result<(), End> {
        match batch {
            Ok(items) => {
                let (mut entries, mut news) = (0, 0);
                for item in &items {
                    if let Item::Entry(shown) = item {
                        entries += 1;
                        news += u64::from(!shown.is_told);
                    }
                }
                outlet.tell(items.into_iter().map(Word::from).collect()).await?;
                metrics::counter!("custody_live_entries_delivered_total").increment(entries);
                // That what is told of reads was delivered is not: two who follow would tell each other of
                // nothing else for ever.
                if news > 0 {
                    self.told(0, news);
                }
                Ok(())
            }
            Err(LiveError::Ledger(error)) => {
                tracing::warn!(%error, tenant.id = %self.scope.tenant(), "a stream waits for the log");
                time::sleep(PAUSE).await;
                Ok(())
            }
            Err(LiveError::Restored) => Err(End::Close(RESTORED, "the log was restored; begin anew")),
            Err(error) => {
                tracing::error!(%error, tenant.id = %self.scope.tenant(), "a stream broke off");
                Err(End::Close(close_code::ERROR, "the server failed"))
            }
        }
    }

    fn told(&self, times: u64, rows: u64) {
        let amount = Amount { times, rows };
        self.app.reads.tell(&self.scope, Operation::FollowEntries, What::Query(&self.query), amount);
    }

    fn position(&self) -> String {
        let restricted = self.scope.grant().is_some();
        self.app.positions.before(self.scope.tenant(), self.reader.position(), restricted)
    }
}
