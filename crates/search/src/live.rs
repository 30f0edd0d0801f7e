//! The log as it goes on: every entry that a reader asked for, once, in the log's order, from any place
//! in the past into the present.
//!
//! A tenant that somebody reads has one [`feed`] in this process, from its first reader to its last: it
//! reads each new entry once, parses it once, and puts it into the queues of those who asked for it and
//! may read it. A [`Reader`] that begins in the past reads that by itself, page by page, until it is
//! near the present; then it takes its seat in the feed, is told from which `seq` on the feed fills its
//! queue, and reads the rest up to there. That is the seam: below it pages, from it on the queue.
//!
//! Bounded: each reader's queue (what is left out is told, with its place), the pages that are read at
//! once, of all and of a tenant.

mod bounds;
mod errors;
mod feed;
mod followed;
mod item;
mod look;
mod own;
mod queue;
mod reader;
mod seat;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_ledger::{Head, Start};
use tokio::sync::{Notify, Semaphore, watch};

use self::feed::Feed;
pub use self::{
    bounds::LiveConfig,
    errors::LiveError,
    followed::Followed,
    item::{Item, Shown},
    reader::Reader,
};
use crate::Asked;

/// The feeds of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<dyn Followed>,
    authority: SystemAuthority,
    config: LiveConfig,
    /// Rise when a log may have gone on.
    hints: Vec<watch::Receiver<u64>>,
    /// A feed was added, and is to be looked at before the next hint.
    added: Notify,
    /// Pages of the past that are read at once.
    pages: Arc<Semaphore>,
    feeds: Mutex<Feeds>,
}

#[derive(Debug, Default)]
struct Feeds {
    of: HashMap<TenantId, Weak<Feed>>,
    /// Whether a task looks where their logs end.
    looking: bool,
}

impl Live {
    /// `hints` rise when a log may have gone on; one that is missed costs [`LiveConfig::poll`]. The
    /// feeds read with a scope of the system's; what a reader gets is decided by its own.
    pub fn new(
        log: impl Followed + 'static,
        authority: SystemAuthority,
        hints: Vec<watch::Receiver<u64>>,
        config: LiveConfig,
    ) -> Self {
        let pages = Arc::new(Semaphore::new(config.pages_max));
        Self(Arc::new(Inner {
            log: Arc::new(log),
            authority,
            config,
            hints,
            added: Notify::new(),
            pages,
            feeds: Mutex::default(),
        }))
    }

    /// Reads from the entry with the `seq` `from` on; without it, what is acknowledged from now on.
    pub async fn open(&self, scope: &Scope, asked: Asked, from: Option<u64>) -> Result<Reader, LiveError> {
        let head = self.0.log.head(scope).await?;
        let next = from.unwrap_or(head.size);
        // Who may not read all of the log learns nothing of its length.
        if next > head.size && !asked.is_restricted() {
            return Err(LiveError::Beyond { size: head.size });
        }
        let after = if next == head.size { head.last_id } else { None };
        let feed = self.feed(scope.tenant(), head);
        Ok(Reader::new(self.clone(), feed, scope.clone(), asked, Start { seq: next, after }))
    }

    /// Tenants that have a feed.
    pub fn feeds(&self) -> usize {
        self.lock().of.values().filter(|feed| feed.strong_count() > 0).count()
    }

    fn feed(&self, tenant: TenantId, head: Head) -> Arc<Feed> {
        let mut feeds = self.lock();
        if let Some(feed) = feeds.of.get(&tenant).and_then(Weak::upgrade) {
            return feed;
        }
        let feed = Arc::new(Feed::begin(self, tenant, head));
        feeds.of.insert(tenant, Arc::downgrade(&feed));
        if !feeds.looking {
            feeds.looking = true;
            tokio::spawn(look::look(self.clone()));
        }
        drop(feeds);
        self.0.added.notify_one();
        feed
    }

    fn lock(&self) -> MutexGuard<'_, Feeds> {
        // A panic elsewhere leaves the map whole: no step in between can panic.
        self.0.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
