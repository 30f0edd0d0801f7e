//! One tenant's index: brought up to the log by whoever needs it so, and written by one at a time.

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use custody_auth::Scope;
use custody_ledger::{Head, Order, Range, StoredEntry};
use tokio::sync;

use super::{
    IndexError, build,
    error::OfAPart,
    folder::{Folder, Name},
    merge,
    part::Part,
    slot::Slot,
    view::{View, slice_of},
};
use crate::{Log, chunk::Chunk};

/// Entries read from the log at once, at first, …
const PULL_FIRST: u32 = 128;
/// … and later, …
const PULL: u32 = 1_024;
/// … of large entries fewer.
const PULL_BYTES: usize = 8 << 20;
/// Bytes of content that are in no part, after which nothing is read until some are.
const TAIL_BYTES_MAX: usize = 64 << 20;
/// Entries that make a part of their own, on the disk at once; fewer wait for others.
pub(super) const COMMIT_COUNT: u64 = 4_096;
/// Entries of one part when there are many more: more of them cost less each, and memory.
const FOLD_MAX: usize = 16_384;

#[derive(Debug)]
pub(super) struct Shelf {
    /// The system's own, of the tenant.
    scope: Scope,
    folder: Folder,
    log: Arc<dyn Log>,
    view: Mutex<Arc<View>>,
    /// Held by who reads from the log.
    pulling: sync::Mutex<()>,
    /// Held by who makes parts.
    making: sync::Mutex<()>,
    /// When it was asked last, in seconds since `begun`.
    asked: AtomicU64,
    begun: Instant,
}

impl Shelf {
    /// What the folder holds of the log as it is now. What is of another log, or damaged, is thrown
    /// away, and said.
    pub(super) async fn open(log: Arc<dyn Log>, scope: Scope, root: &Path) -> Result<Self, IndexError> {
        let folder = Folder::of(root, scope.tenant());
        let shelf = Self {
            folder,
            log,
            view: Mutex::default(),
            pulling: sync::Mutex::default(),
            making: sync::Mutex::default(),
            asked: AtomicU64::new(0),
            begun: Instant::now(),
            scope,
        };
        shelf.load().await?;
        Ok(shelf)
    }

    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that somebody looks.
    pub(super) fn ask(&self) {
        self.asked.store(self.begun.elapsed().as_secs(), Ordering::Relaxed);
    }

    /// For how long nobody has.
    pub(super) fn idle_seconds(&self) -> u64 {
        self.begun.elapsed().as_secs().saturating_sub(self.asked.load(Ordering::Relaxed))
    }

    /// Whether a part is in memory alone for longer than that.
    pub(super) fn has_old_memory(&self, age: Duration) -> bool {
        let view = self.view();
        view.slots.iter().any(|slot| !slot.is_durable() && slot.made.elapsed() >= age)
    }

    fn change<T>(&self, change: impl FnOnce(&mut View) -> T) -> T {
        let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut view))
    }

    async fn load(&self) -> Result<(), IndexError> {
        let head = self.log.head(&self.scope).await?;
        let folder = self.folder.clone();
        let names = blocking(move || Ok(folder.list()?)).await?;
        let mut chain: Vec<Name> = Vec::new();
        let mut lost = Vec::new();
        for name in names {
            let follows = chain.last().is_none_or(|last| last.seqs.end == name.seqs.start);
            if follows { chain.push(name) } else { lost.push(name) }
        }
        if chain.first().is_some_and(|first| first.seqs.start > 0) {
            lost.append(&mut chain);
        }
        while let Some(last) = chain.last() {
            if self.is_of_the_log(last, head).await? {
                break;
            }
            lost.extend(chain.pop());
        }
        for name in &lost {
            self.said_lost(name);
            self.folder.remove(name)?;
        }
        let slots =
            chain.into_iter().map(|name| Arc::new(Slot::in_folder(self.folder.clone(), name))).collect();
        self.change(|view| *view = View::of(head.epoch, slots));
        Ok(())
    }

    async fn is_of_the_log(&self, name: &Name, head: Head) -> Result<bool, IndexError> {
        if name.seqs.end > head.size {
            return Ok(false);
        }
        let (folder, wanted) = (self.folder.clone(), name.clone());
        let part = match blocking(move || Ok(folder.open(&wanted)?)).await {
            Ok(part) => part,
            Err(IndexError::Part(error)) => {
                tracing::warn!(tenant.id = %self.scope.tenant(), %error, "a part of the index cannot be read");
                return Ok(false);
            }
            Err(other) => return Err(other),
        };
        let entries = self.log.entries(&self.scope, &[name.last_id]).await?;
        Ok(entries.first().is_some_and(|entry| {
            entry.seq + 1 == name.seqs.end && hex::encode(entry.leaf_hash) == part.meta.last_leaf
        }))
    }

    /// Reads from the log until the view covers `head`, unless more than `most` entries are missing, the
    /// tail is as large as it may be, or the log itself lacks some.
    pub(super) async fn cover(&self, head: Head, most: u64) -> Result<Arc<View>, IndexError> {
        let ready = |view: &View| {
            view.epoch == head.epoch && (view.covers(head.size) || view.missing(head.size) > most)
        };
        let view = self.view();
        if ready(&view) {
            return Ok(view);
        }
        let _turn = self.pulling.lock().await;
        if self.view().epoch != head.epoch {
            let _nobody_makes = self.making.lock().await;
            self.load().await?;
        }
        let mut chunk = Self::chunk();
        loop {
            let view = self.view();
            if ready(&view) || view.tail_bytes() >= TAIL_BYTES_MAX {
                return Ok(view);
            }
            match self.pull_some(&view, &mut chunk).await {
                // There is no more to be read.
                Ok(0) | Err(IndexError::Gap { .. }) => return Ok(self.view()),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads what there is, up to about `most` entries, and no more than the tail may hold; whether that
    /// was all.
    pub(super) async fn pull(&self, most: u64) -> Result<bool, IndexError> {
        let _turn = self.pulling.lock().await;
        let (mut count, mut chunk) = (0, Self::chunk());
        loop {
            let view = self.view();
            if count >= most || view.tail_bytes() >= TAIL_BYTES_MAX {
                return Ok(false);
            }
            let asked = u64::from(chunk.size());
            let some = self.pull_some(&view, &mut chunk).await?;
            count += some;
            if some < asked {
                return Ok(true);
            }
        }
    }

    fn chunk() -> Chunk {
        Chunk::new(PULL_FIRST, PULL, PULL_BYTES)
    }

    async fn pull_some(&self, view: &View, chunk: &mut Chunk) -> Result<u64, IndexError> {
        let range = Range { after: view.last_id, before: None };
        let page = self.log.page(&self.scope, range, Order::OldestFirst, chunk.size()).await?;
        chunk.took(&page);
        let count = page.len() as u64;
        // What is not there may come back; an index that goes on without it would never hold it.
        if !self.change(|view| view.push(page)) {
            return Err(IndexError::Gap { seq: self.view().next.unwrap_or(0) });
        }
        Ok(count)
    }

    /// Makes a part of the oldest entries of the tail. `false` where there are none.
    pub(super) async fn fold(&self) -> Result<bool, IndexError> {
        let _turn = self.making.lock().await;
        self.fold_some().await
    }

    async fn fold_some(&self) -> Result<bool, IndexError> {
        let view = self.view();
        let batches = view.oldest(FOLD_MAX);
        let taken = batches.len();
        let count: u64 = batches.iter().map(|batch| batch.len() as u64).sum();
        if count == 0 {
            return Ok(false);
        }
        // Behind one that is in memory alone, one on the disk would stand behind a gap after a crash.
        let durable = count >= COMMIT_COUNT && view.volatile_count() == 0;
        let (folder, epoch) = (self.folder.clone(), view.epoch);
        let slot = blocking(move || {
            let entries: Vec<&StoredEntry> = batches.iter().flat_map(|batch| batch.iter()).collect();
            let slot = Slot::in_memory(build::build(epoch, &entries)?)?;
            Ok(if durable { on_disk(&folder, slot)? } else { slot })
        })
        .await?;
        self.change(|view| {
            view.slots.push(Arc::new(slot));
            view.tail.drain(..taken);
        });
        Ok(true)
    }

    /// Everything onto the disk, as far as it was read from the log.
    pub(super) async fn commit(&self) -> Result<(), IndexError> {
        let _turn = self.making.lock().await;
        while self.fold_some().await? {}
        let volatile: Vec<_> = self.view().slots.iter().filter(|slot| !slot.is_durable()).cloned().collect();
        for group in volatile.chunk_by(|one, other| slice_of(one) == slice_of(other)) {
            self.replace(group.to_vec()).await?;
        }
        Ok(())
    }

    /// Does some work; where a part turns out to be damaged, again without it.
    pub(super) async fn mending<T, E: OfAPart, F: Future<Output = Result<T, E>>>(
        &self,
        work: impl Fn() -> F,
    ) -> Result<T, E> {
        match work().await {
            Err(error) if error.is_of_a_part() => {
                tracing::warn!(tenant.id = %self.scope.tenant(), %error, "a part of the index cannot be read");
                self.repair().await?;
                work().await
            }
            other => other,
        }
    }

    /// Throws away the first part that cannot be read and all that follow it: they are made again from
    /// the log.
    pub(super) async fn repair(&self) -> Result<(), IndexError> {
        let (_nobody_pulls, _nobody_makes) = (self.pulling.lock().await, self.making.lock().await);
        let view = self.view();
        let slots = view.slots.clone();
        let sound = blocking(move || Ok(slots.iter().take_while(|slot| slot.part().is_ok()).count())).await?;
        let (kept, lost) = view.slots.split_at(sound);
        for slot in lost {
            self.said_lost(&slot.name);
            if slot.is_durable() {
                self.folder.remove(&slot.name)?;
            }
        }
        if !lost.is_empty() {
            self.change(|view| *view = View::of(view.epoch, kept.to_vec()));
        }
        Ok(())
    }

    fn said_lost(&self, name: &Name) {
        tracing::warn!(tenant.id = %self.scope.tenant(), first = name.seqs.start, end = name.seqs.end,
            "a part of the index is damaged or of another log; it is made again from the ledger");
        metrics::counter!("custody_index_parts_lost_total").increment(1);
    }

    /// Merges what is due. `false` where nothing is.
    pub(super) async fn tidy(&self) -> Result<bool, IndexError> {
        let _turn = self.making.lock().await;
        let view = self.view();
        let Some(group) = merge::due(&view.slots, view.next.unwrap_or(0)) else { return Ok(false) };
        self.replace(group.to_vec()).await?;
        Ok(true)
    }

    /// Puts one part on the disk in the place of these.
    async fn replace(&self, slots: Vec<Arc<Slot>>) -> Result<(), IndexError> {
        let (folder, old) = (self.folder.clone(), slots.clone());
        let new = blocking(move || {
            if let [slot] = old.as_slice()
                && let Some(bytes) = slot.bytes()
            {
                folder.write(&slot.name, bytes)?;
                return Ok(Slot::in_folder(folder, slot.name.clone()));
            }
            let parts: Vec<Arc<Part>> = old.iter().map(|slot| slot.part()).collect::<Result<_, _>>()?;
            on_disk(&folder, Slot::in_memory(merge::merge(&parts)?)?)
        })
        .await?;
        let gone: HashSet<_> = slots.iter().map(|slot| slot.name.seqs.start).collect();
        self.change(|view| {
            let at = view.slots.iter().position(|slot| gone.contains(&slot.name.seqs.start)).unwrap_or(0);
            view.slots.retain(|slot| !gone.contains(&slot.name.seqs.start));
            view.slots.insert(at, Arc::new(new));
        });
        // Who still reads them has them open; a crash here leaves files that the next start removes.
        for slot in slots.iter().filter(|slot| slot.is_durable()) {
            self.folder.remove(&slot.name)?;
        }
        Ok(())
    }
}

fn on_disk(folder: &Folder, slot: Slot) -> Result<Slot, IndexError> {
    if let Some(bytes) = slot.bytes() {
        folder.write(&slot.name, bytes)?;
    }
    Ok(Slot::in_folder(folder.clone(), slot.name))
}

/// Runs what takes long, or waits for the disk, beside the requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> Result<T, IndexError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| IndexError::Panicked)?
}
