//! Follows the log of every tenant, once in the whole installation.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{EntryId, TenantId};
use custody_ledger::{
    Ledger, Order, Range,
    follow::{Behind, Fence, FollowError, Follower, Position, advance},
};
use tokio::{sync::Mutex, time};

use super::{NAME, OpenSearch, OpenSearchError, Refused, VERSION, Writer};

/// Entries read at once.
const READ: u32 = 1_000;
/// After so long no more is read in a call: it is called again at once.
const CALL: Duration = Duration::from_secs(1);
/// From one refresh to the next: each makes a segment of what came.
const REFRESH: Duration = Duration::from_secs(1);

/// Writes what the logs hold into the index, and notes how far it is once that can be found.
#[derive(Debug)]
pub struct OpenSearchFollower {
    index: OpenSearch,
    ledger: Ledger,
    authority: SystemAuthority,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    refreshed: Option<Instant>,
    /// The generation whose predecessors were removed.
    tidied: Option<u32>,
}

/// How far one log was read in this call.
struct Read<'b> {
    log: &'b Behind,
    scope: Scope,
    /// After each chunk.
    last: Option<(u64, EntryId)>,
    /// The place of an entry that is not there, though later ones are.
    gap: Option<u64>,
}

impl OpenSearchFollower {
    pub fn new(index: OpenSearch, ledger: Ledger, authority: SystemAuthority) -> Self {
        Self { index, ledger, authority, state: Mutex::default() }
    }

    async fn writer(&self, state: &mut State) -> Result<Writer, FollowError> {
        let projection = self.ledger.projection(NAME, VERSION).await?;
        if projection.version > VERSION {
            let error = OpenSearchError::Newer { found: projection.version, own: VERSION };
            return Err(FollowError::Unavailable(Box::new(error)));
        }
        let writer = self.index.writer(projection.generation).await.map_err(of_node)?;
        if state.tidied != Some(projection.generation) {
            self.index.remove_but(Some(projection.generation)).await.map_err(of_node)?;
            state.tidied = Some(projection.generation);
        }
        Ok(writer)
    }

    /// Reads on, and hands to the writer, until the log's head or `until`.
    async fn read(
        &self,
        writer: &mut Writer,
        read: &mut Read<'_>,
        until: Instant,
    ) -> Result<(), FollowError> {
        let log = read.log;
        let before = Some(log.head_id.next_up());
        loop {
            let after = read.last.map(|(_, id)| id).or(log.after);
            let range = Range { after, before };
            let mut entries = self.ledger.page(&read.scope, range, Order::OldestFirst, READ).await?;
            // What is not there may come back; an index that goes on without it would never hold it.
            let next = read.last.map_or(log.from, |(seq, _)| seq + 1);
            let follows = entries.iter().zip(next..).take_while(|(entry, seq)| entry.seq == *seq).count();
            let all = entries.len();
            entries.truncate(follows);
            writer.push(log.epoch, &entries).await.map_err(of_node)?;
            if let Some(last) = entries.last() {
                read.last = Some((last.seq, last.id));
            }
            if follows < all || (all < READ as usize && next + all as u64 != log.head) {
                read.gap = Some(next + follows as u64);
                return Ok(());
            }
            if all < READ as usize || Instant::now() >= until {
                return Ok(());
            }
        }
    }

    /// Where each log is, short of what was refused.
    async fn positions(
        &self,
        reads: &[Read<'_>],
        refused: &HashMap<TenantId, Refused>,
    ) -> Result<Vec<Position>, FollowError> {
        let mut positions = Vec::new();
        for Read { log, scope, last, .. } in reads {
            let to = match refused.get(&log.tenant) {
                None => *last,
                Some(refused) => self.before(scope, log, refused.seq).await?,
            };
            if let Some((seq, id)) = to {
                let (tenant, epoch) = (log.tenant, log.epoch);
                positions.push(Position { tenant, epoch, position: seq + 1, last_id: id });
            }
        }
        Ok(positions)
    }

    /// The entry before the one that was refused, unless that was the first.
    async fn before(
        &self,
        scope: &Scope,
        log: &Behind,
        seq: u64,
    ) -> Result<Option<(u64, EntryId)>, FollowError> {
        let (mut after, mut last) = (log.after, None);
        loop {
            let range = Range { after, before: Some(log.head_id.next_up()) };
            let entries = self.ledger.page(scope, range, Order::OldestFirst, READ).await?;
            let ended = entries.len() < READ as usize;
            for entry in entries {
                if entry.seq >= seq {
                    return Ok(last);
                }
                (last, after) = (Some((entry.seq, entry.id)), Some(entry.id));
            }
            if ended {
                return Ok(last);
            }
        }
    }
}

#[async_trait]
impl Follower for OpenSearchFollower {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn follow(&self, fence: &Fence, behind: &[Behind]) -> Result<(), FollowError> {
        let mut state = self.state.lock().await;
        let until = Instant::now() + CALL;
        let mut writer = self.writer(&mut state).await?;
        let mut reads = Vec::new();
        for log in behind {
            if log.from == 0 && log.epoch > 0 {
                writer.forget_before(log.tenant, log.epoch).await.map_err(of_node)?;
            }
            let scope = self.authority.scope(log.tenant, NAME);
            let mut read = Read { log, scope, last: None, gap: None };
            self.read(&mut writer, &mut read, until).await?;
            reads.push(read);
            if Instant::now() >= until {
                break;
            }
        }
        if let Some(refreshed) = state.refreshed {
            time::sleep_until((refreshed + REFRESH).into()).await;
        }
        let mut refused: HashMap<TenantId, Refused> = HashMap::new();
        for one in writer.publish().await.map_err(of_node)? {
            let first = refused.entry(one.tenant).or_insert_with(|| one.clone());
            if one.seq < first.seq {
                *first = one;
            }
        }
        state.refreshed = Some(Instant::now());
        let positions = self.positions(&reads, &refused).await?;
        if !positions.is_empty() {
            let mut tx = fence.begin().await?;
            advance(&mut tx, &positions).await?;
            tx.commit().await?;
        }
        if let Some((log, gap)) = reads.iter().find_map(|read| Some((read.log, read.gap?))) {
            let reason = format!("entry {gap} is missing");
            return Err(FollowError::of_tenant(log.tenant, reason, "later ones are there"));
        }
        match refused.into_values().next() {
            None => Ok(()),
            Some(Refused { tenant, seq, reason }) => Err(FollowError::of_tenant(
                tenant,
                format!("the search index refuses entry {seq}: {reason}"),
                "refused for good; search goes by the log from there on",
            )),
        }
    }
}

fn of_node(error: OpenSearchError) -> FollowError {
    match error {
        OpenSearchError::Ledger(error) => error.into(),
        OpenSearchError::Refused { .. } | OpenSearchError::Unreadable(_) => {
            FollowError::Other(Box::new(error))
        }
        error => FollowError::Unavailable(Box::new(error)),
    }
}
