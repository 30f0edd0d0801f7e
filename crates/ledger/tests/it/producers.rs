//! Producers' numbers, followed in a real log: gaps, late arrivals, repetitions, runs; and the signed
//! watermark over them.

use std::{sync::Arc, time::Duration};

use custody_auth::Scope;
use custody_domain::producer::Run;
use custody_ledger::{
    Draft, Ledger,
    follow::{FollowConfig, Singletons},
    producers::Producers,
    tree::TreeFollower,
};
use custody_proof::{Note, watermark::Watermark};
use custody_store::{
    followers,
    producers::{self, Producer},
};
use custody_testkit::eventually;

use crate::fixture::{Fixture, draft};

struct Followed {
    fixture: Fixture,
    scope: Scope,
    followers: Option<Singletons>,
}

impl Followed {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let scope = fixture.tenant("a").await;
        let mut followed = Self { fixture, scope, followers: None };
        followed.start();
        followed
    }

    fn start(&mut self) {
        let (store, ledger) = (&self.fixture.store, &self.fixture.ledger);
        let config = FollowConfig {
            poll: Duration::from_millis(50),
            pass: Duration::from_millis(5),
            ..FollowConfig::default()
        };
        self.followers = Some(Singletons::start(
            store,
            ledger.moved(),
            vec![Arc::new(Producers::new(store.clone())), Arc::new(TreeFollower::new(ledger.clone()))],
            config,
        ));
    }

    async fn stop(&mut self) {
        if let Some(followers) = self.followers.take() {
            followers.stop(Duration::from_secs(5)).await;
        }
    }

    async fn append(&self, drafts: Vec<Draft>) {
        self.ledger().append(&self.scope, drafts).await.unwrap();
    }

    fn ledger(&self) -> &Ledger {
        &self.fixture.ledger
    }

    /// All producers, once everything is followed.
    async fn producers(&self) -> Vec<Producer> {
        let head = self.ledger().head(&self.scope).await.unwrap();
        eventually("the producers are followed", async || {
            let mut tx = self.fixture.store.tenant_tx(&self.scope).await.unwrap();
            let standing = followers::standing(&mut tx).await.unwrap();
            let at = standing.iter().find(|s| s.follower == Producers::NAME).map_or(0, |s| s.position);
            if at < head.size {
                return None;
            }
            Some(producers::page(&mut tx, None, 1000).await.unwrap())
        })
        .await
    }
}

fn numbered(producer: &str, seqs: impl IntoIterator<Item = u64>) -> Vec<Draft> {
    let content = |seq| {
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"producer":{{"id":"{producer}","seq":{seq}}}}}"#)
    };
    seqs.into_iter().map(|seq| draft(&content(seq))).collect()
}

fn open(run: &Run) -> Vec<(u64, u64)> {
    run.gaps.as_slice().iter().map(|gap| (gap.from, gap.to)).collect()
}

#[tokio::test]
async fn gaps_show_close_and_outlast_a_restart_of_the_follower() {
    let mut log = Followed::new().await;
    log.append(numbered("pump", [0, 1, 5, 9])).await;
    log.append(vec![draft(r#"{"action":"a","actor":{"id":"u"}}"#)]).await;
    log.append(numbered("gate", [7, 8])).await;
    let seen = log.producers().await;
    assert_eq!(seen.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["gate", "pump"]);
    assert_eq!((open(&seen[0].run), open(&seen[1].run)), (vec![], vec![(2, 4), (6, 8)]));
    let first = log.ledger().page(
        &log.scope,
        custody_ledger::Range::default(),
        custody_ledger::Order::OldestFirst,
        1,
    );
    assert_eq!(seen[1].first_seen_at, first.await.unwrap()[0].id.received_at());

    log.stop().await;
    log.append(numbered("pump", [3, 7, 7])).await;
    log.start();
    let pump = log.producers().await.remove(1).run;
    assert_eq!(open(&pump), [(2, 2), (4, 4), (6, 6), (8, 8)]);
    assert_eq!((pump.late, pump.repeated, pump.entries), (2, 1, 7));

    log.append(numbered("pump", [0, 1])).await;
    let pump = log.producers().await.remove(1).run;
    assert_eq!((pump.run, pump.highest, open(&pump), pump.missing_earlier), (2, 1, vec![], 4));
    log.stop().await;
}

#[tokio::test]
async fn a_producer_is_its_own_tenant_s() {
    let mut log = Followed::new().await;
    let other = log.fixture.tenant("b").await;
    log.append(numbered("pump", [0, 2])).await;
    log.ledger().append(&other, numbered("pump", [0, 1])).await.unwrap();
    assert_eq!(open(&log.producers().await[0].run), [(1, 1)]);
    let scope = std::mem::replace(&mut log.scope, other);
    let theirs = log.producers().await;
    assert_eq!((theirs.len(), open(&theirs[0].run)), (1, vec![]));
    log.scope = scope;
    log.stop().await;
}

#[tokio::test]
async fn the_watermark_is_signed_and_says_what_is_missing() {
    let mut log = Followed::new().await;
    let keys = async || {
        let keys = log.ledger().log_keys(&log.scope).await.unwrap();
        keys.into_iter().map(|key| key.key).collect::<Vec<_>>()
    };
    let line = |text: &str, name: &str| {
        text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).map(str::to_owned)
    };
    let empty = log.ledger().watermark(&log.scope).await.unwrap();
    let text = empty.verify(&keys().await).unwrap();
    assert_eq!((text.lines().nth(1), line(text, "received-until").as_deref()), (Some("0"), Some("-")));

    log.append(numbered("pump", [0, 3])).await;
    log.append(numbered("gate", [1])).await;
    log.producers().await;
    let note = log.ledger().watermark(&log.scope).await.unwrap().to_string();
    let note = Note::parse(note.as_bytes()).unwrap();
    let text = note.verify(&keys().await).unwrap();
    let origin = log.ledger().origin(&log.scope).await.unwrap();
    assert_eq!(text.lines().next().unwrap(), Watermark::first_line(&origin));
    assert_eq!(text.lines().nth(1), Some("3"));
    assert_eq!(line(text, "producers").as_deref(), Some("2"));
    assert_eq!(line(text, "missing").as_deref(), Some("2"));
    assert_eq!(line(text, "producer").as_deref(), Some("1 2 0 0 1-2 \"pump\""));
    let last = log.ledger().page(
        &log.scope,
        custody_ledger::Range::default(),
        custody_ledger::Order::NewestFirst,
        1,
    );
    let until = custody_domain::time::rfc3339_millis(last.await.unwrap()[0].id.received_at());
    assert_eq!(line(text, "received-until"), Some(until));
    let root = log.ledger().root(&log.scope, 3).await.unwrap();
    let checkpoint = custody_proof::Checkpoint::parse(text).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (3, root));
    log.stop().await;
}

/// More than goes into one transaction, so that a stretch is cut.
#[tokio::test]
async fn a_long_log_is_followed_from_its_beginning() {
    let mut log = Followed::new().await;
    log.stop().await;
    for part in 0..6 {
        let from = part * 10_000;
        // Every thousandth is missing.
        log.append(numbered("pump", (from..from + 10_000).filter(|n| n % 1000 != 999))).await;
    }
    log.start();
    let pump = log.producers().await.remove(0).run;
    assert_eq!((pump.first, pump.highest, pump.entries), (0, 59_998, 59_940));
    assert_eq!((pump.missing(), open(&pump).len()), (59, 59));
    log.stop().await;
}
