//! Readers of a log that goes on: the seam between pages and the feed, gaps, changes on the way.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{TenantId, query::parse};
use custody_ledger::{Head, LedgerError, Start, Unopened};
use custody_search::{Asked, Item, Live, LiveConfig, LiveError, Log as _, Reader, live::Followed};
use futures::FutureExt as _;
use proptest::prelude::*;
use tokio::sync::watch;

use crate::memory::{MemoryLog, TENANT, numbered, scope};

/// The log in memory; each read takes some turns, so that others come in between.
#[derive(Debug, Clone)]
struct Slow(MemoryLog);

impl Slow {
    async fn turn(&self) {
        for _ in 0..self.0.read() % 4 {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl Followed for Slow {
    async fn head(&self, scope: &Scope) -> Result<Head, LedgerError> {
        let head = self.0.head(scope).await;
        self.turn().await;
        head
    }

    async fn heads(&self, _: &[TenantId]) -> Result<Vec<(TenantId, Head)>, LedgerError> {
        Ok(vec![(TENANT, self.head(&scope()).await?)])
    }

    async fn start_at(&self, _: &Scope, seq: u64) -> Result<Start, LedgerError> {
        self.turn().await;
        let ids = self.0.entries();
        // As tiles know it: not the entry before, but one not far before that.
        let before = usize::try_from(seq / 4 * 4).unwrap().checked_sub(1);
        Ok(Start { seq, after: before.and_then(|at| ids.get(at)).map(|entry| entry.id) })
    }

    async fn onward(&self, _: &Scope, start: Start, rows_max: u32) -> Result<Vec<Unopened>, LedgerError> {
        let mut entries = self.0.entries();
        entries.retain(|entry| entry.seq >= start.seq && start.after.is_none_or(|after| entry.id > after));
        entries.truncate(rows_max.try_into().unwrap());
        self.turn().await;
        Ok(entries.into_iter().map(Unopened::from).collect())
    }
}

struct Setting {
    log: MemoryLog,
    live: Live,
    moved: watch::Sender<u64>,
}

impl Setting {
    fn new(count: u64, config: LiveConfig) -> Self {
        let log = MemoryLog::numbered(count);
        let (moved, hint) = watch::channel(0);
        let live = Live::new(Slow(log.clone()), SystemAuthority::assume(), vec![hint], config);
        Self { log, live, moved }
    }

    fn append(&self, count: u64) {
        for _ in 0..count {
            self.log.append(&numbered(self.log.entries().len() as u64));
        }
        self.moved.send_modify(|n| *n += 1);
    }

    fn len(&self) -> u64 {
        self.log.entries().len() as u64
    }

    async fn open(&self, query: &str, after: Option<u64>) -> Result<Reader, LiveError> {
        self.live.open(&scope(), asked(query), after.map(|after| after + 1)).await
    }
}

fn asked(query: &str) -> Asked {
    Asked::new(&scope(), parse(query).unwrap())
}

/// Small, so that a few entries go through all of it.
fn small() -> LiveConfig {
    LiveConfig {
        batch_entries_max: 3,
        page_rows_max: 4,
        near: 3,
        pages_max: 1,
        tenant_pages_max: 1,
        ..LiveConfig::default()
    }
}

fn seqs(items: &[Item]) -> Vec<u64> {
    let seq = |item: &Item| match item {
        Item::Entry(shown) => {
            let json: serde_json::Value = serde_json::from_str(shown.json.get()).unwrap();
            assert_eq!(json["seq"], shown.seq);
            shown.seq
        }
        other => panic!("{other:?}"),
    };
    items.iter().map(seq).collect()
}

/// What comes until everything up to the log's end was given.
async fn rest(setting: &Setting, reader: &mut Reader) -> Vec<u64> {
    let mut got = Vec::new();
    while reader.position() < setting.len() {
        match tokio::time::timeout(Duration::from_secs(5), reader.batch()).await {
            Ok(items) => got.extend(seqs(&items.unwrap())),
            // Nothing that was asked for came, so the position tells.
            Err(_) => assert_eq!(reader.position(), setting.len(), "it hangs"),
        }
    }
    got
}

#[derive(Clone, Debug)]
enum Step {
    Append(u64),
    /// Waits for a batch, or gives up after so many turns of the others.
    Read(u8),
    Ask,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0_u64..12).prop_map(Step::Append),
        6 => (0_u8..12).prop_map(Step::Read),
        1 => Just(Step::Ask),
    ];
    prop::collection::vec(step, 0..60)
}

const QUERIES: [&str; 2] = ["", "metadata.n>=5"];

async fn walk(count: u64, after: Option<u64>, steps: Vec<Step>) {
    let setting = Setting::new(count, small());
    let after = after.map(|after| after.min(count.saturating_sub(1))).filter(|_| count > 0);
    let mut reader = setting.open(QUERIES[0], after).await.unwrap();
    let first = after.map_or(count, |after| after + 1);
    let (mut got, mut query) = (Vec::new(), 0);
    for step in steps {
        match step {
            Step::Append(more) => setting.append(more),
            Step::Read(turns) => {
                let batch = reader.batch();
                tokio::pin!(batch);
                for _ in 0..turns {
                    if let Some(items) = batch.as_mut().now_or_never() {
                        got.extend(seqs(&items.unwrap()));
                        break;
                    }
                    // The clock stands still: this lets the others go on, and takes no time.
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
            }
            Step::Ask => {
                query = 1 - query;
                reader.ask(&scope(), asked(QUERIES[query]));
            }
        }
        let expected = got.last().map_or(first, |last| last + 1);
        assert!(reader.position() >= expected, "a reader goes back");
    }
    reader.ask(&scope(), asked(""));
    got.extend(rest(&setting, &mut reader).await);
    // Both queries match all entries from the fifth on.
    let all: Vec<_> = (first..setting.len()).filter(|seq| *seq >= 5).collect();
    got.retain(|seq| *seq >= 5);
    assert_eq!(got, all);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Wherever it begins, whatever is written meanwhile, however often its reader turns away in the
    /// middle or asks for something else: every entry once, in order.
    #[test]
    fn every_entry_comes_once_in_order(
        count in 0_u64..40,
        after in prop::option::of(0_u64..40),
        steps in steps(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(walk(count, after, steps));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_told_what_it_missed_and_finds_it_again() {
    let config = LiveConfig { queue_entries_max: 10, ..small() };
    let setting = Setting::new(5, config);
    let mut reader = setting.open("metadata.n>=7", None).await.unwrap();
    // It takes its seat, and nothing else.
    assert!(tokio::time::timeout(Duration::from_secs(1), reader.batch()).await.is_err());
    setting.append(40);
    // The clock stands still: this is for the feed to have done all that it will.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut items = Vec::new();
    while items.len() < 11 {
        items.extend(reader.batch().await.unwrap());
    }
    assert_eq!(seqs(&items[..10]), (7..17).collect::<Vec<_>>());
    assert_eq!(items[10..], [Item::Dropped { from: 17, to: 44 }]);
    setting.append(1);
    assert_eq!(seqs(&reader.batch().await.unwrap()), [45], "it goes on");
    let mut again = setting.open("metadata.n>=7", Some(16)).await.unwrap();
    assert_eq!(rest(&setting, &mut again).await, (17..46).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_feed_lives_from_its_first_reader_to_its_last() {
    let setting = Setting::new(5, small());
    assert_eq!(setting.live.feeds(), 0);
    let (mut one, mut two) =
        (setting.open("", None).await.unwrap(), setting.open("", Some(0)).await.unwrap());
    assert_eq!(setting.live.feeds(), 1);
    setting.append(1);
    assert_eq!(seqs(&one.batch().await.unwrap()), [5]);
    drop(one);
    assert_eq!(rest(&setting, &mut two).await, [1, 2, 3, 4, 5]);
    drop(two);
    assert_eq!(setting.live.feeds(), 0);
    // The last one's end took nothing along that the next one needs.
    let mut later = setting.open("", Some(4)).await.unwrap();
    setting.append(1);
    assert_eq!(rest(&setting, &mut later).await, [5, 6]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_yet_cannot_be_read_on_after() {
    let setting = Setting::new(5, small());
    assert!(matches!(setting.open("", Some(5)).await, Err(LiveError::Beyond { size: 5 })));
    assert!(setting.open("", Some(4)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn many_readers_share_what_they_are_given() {
    let setting = Setting::new(0, LiveConfig::default());
    let mut readers = Vec::new();
    for _ in 0..20 {
        readers.push(setting.open("", None).await.unwrap());
    }
    let mut shown = Vec::new();
    for reader in &mut readers {
        assert!(tokio::time::timeout(Duration::from_secs(1), reader.batch()).await.is_err());
    }
    setting.append(1);
    for reader in &mut readers {
        let Item::Entry(entry) = reader.batch().await.unwrap().remove(0) else { panic!() };
        shown.push(entry);
    }
    assert!(shown.iter().all(|entry| Arc::ptr_eq(entry, &shown[0])));
}
