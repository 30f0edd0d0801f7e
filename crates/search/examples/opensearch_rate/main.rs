//! Searches through the adapter beside the same asked of OpenSearch directly, in the same run:
//! `bare`, the adapter's own request by itself, which answers with no more than which entries they are;
//! `whole`, an index of whole documents as OpenSearch makes it by default, with the documents of the page.
//!
//! ```sh
//! CUSTODY_PG_DURABLE=1 scripts/with-postgres scripts/with-opensearch \
//!     cargo run --release -p custody-search --example opensearch_rate -- 100000 200
//! ```
//!
//! The arguments: entries, of which one tenant has two thirds, and how often each question is asked.

mod plain;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{
    TenantId,
    commitment::Salt,
    json::{self, Limits},
    query::{Query, parse},
};
use custody_keys::Keys;
use custody_ledger::{
    CommitConfig, Draft, Ledger,
    follow::{FollowConfig, Singletons},
};
use custody_search::{
    CursorKey, LinearLimits, PageRequest, Search as _, Sort, StatsRequest,
    opensearch::{NAME, OpenSearch, OpenSearchConfig, OpenSearchFollower},
    stats::{GroupBy, Histogram, HistogramTime, Interval},
};
use custody_store::{
    DatabaseConfig, Store, migrate,
    tenants::{self, NewTenant},
};
use custody_testkit::{TestDatabase, entries};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::plain::Plain;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What is asked, of all three.
pub(crate) enum Asked {
    Page(PageRequest),
    Stats(StatsRequest),
}

struct Class {
    name: &'static str,
    asked: Asked,
    /// As one would ask it of whole documents.
    whole: Value,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut next = |default: usize| numbers.next().unwrap_or(Ok(default));
    let (count, times) = (next(100_000)?, next(200)?.max(1));
    let url = std::env::var("CUSTODY_TEST_OPENSEARCH_URL")
        .map_err(|_| "CUSTODY_TEST_OPENSEARCH_URL is not set: run it under scripts/with-opensearch")?;
    let rig = Rig::new(&url).await?;
    let contents = contents(count);
    let plain = Plain::new(&url);
    let begun = Instant::now();
    rig.append(&contents).await?;
    let appended = begun.elapsed();
    rig.followed().await?;
    let followed = begun.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "to be read by people")]
    let rate = |took: Duration| count as f64 / took.as_secs_f64();
    println!(
        "{count} entries: {:.0}/s appended, {:.0}/s until all were in the index",
        rate(appended),
        rate(followed)
    );
    plain.load(&rig.all().await?).await?;
    println!("p50, ms, {times} times each:");
    println!("{:28} {:>8} {:>8} {:>8} {:>8} {:>8}", "", "adapter", "bare", "whole", "/ bare", "/ whole");
    for class in classes(&contents)? {
        let row = rig.measure(&plain, &class, times).await?;
        let [adapter, bare, whole] = row;
        let (to_bare, to_whole) = (adapter / bare, adapter / whole);
        println!("{:28} {adapter:8.2} {bare:8.2} {whole:8.2} {to_bare:8.2} {to_whole:8.2}", class.name);
    }
    plain.remove().await?;
    rig.stop().await
}

/// Real records where they are here.
fn contents(count: usize) -> Vec<Vec<u8>> {
    let records = entries::records().unwrap_or_else(|| {
        println!("CUSTODY_TEST_DATA is not set: one record is invented, and used again and again");
        vec![json!({"eventSource": "s3.amazonaws.com", "eventName": "PutObject", "awsRegion": "us-east-1",
            "eventTime": "2026-03-01T10:00:00Z", "sourceIPAddress": "192.0.2.7",
            "userIdentity": {"arn": "arn:aws:iam::123456789012:user/alice", "type": "IAMUser"}})]
    });
    entries::native(&records, 7, count, false).collect()
}

/// Of values that the last entry has.
fn classes(contents: &[Vec<u8>]) -> Result<Vec<Class>, Error> {
    let last: Value = serde_json::from_slice(contents.last().ok_or("no entries")?)?;
    let text = |pointer: &str| last.pointer(pointer).and_then(Value::as_str).unwrap_or("none").to_owned();
    let (actor, action, message) = (text("/actor/id"), text("/action"), text("/message"));
    let (day, region) =
        (text("/occurred_at").chars().take(10).collect::<String>(), text("/metadata/awsRegion"));
    let words: Vec<_> = message.split_whitespace().take(2).collect();
    let (word, phrase) = (words.first().copied().unwrap_or_default(), words.join(" "));
    let (term, received) = (|field: &str, value: &str| json!({"term": {field: value}}), Sort::default());
    let within_day = json!({"range": {"occurred_at": {"gte": day, "lte": day}}});
    let severe = json!({"terms": {"severity.keyword": ["WARNING", "ERROR", "CRITICAL"]}});
    let all = |several: [Value; 2]| json!({"bool": {"filter": several}});
    let mut classes = vec![
        page("newest 50", "", received, &json!({"match_all": {}}))?,
        page("newest 50 by occurred_at", "", Sort::OccurredDescending, &json!({"match_all": {}}))?,
        page("of an actor", &format!("actor.id:{actor:?}"), received, &term("actor.id.keyword", &actor))?,
        page(
            "action and a day",
            &format!("action:{action:?} time:{day}"),
            received,
            &all([term("action.keyword", &action), within_day]),
        )?,
        page("a word", &format!("{word:?}"), received, &json!({"match": {"message": word}}))?,
        page("a phrase", &format!("{phrase:?}"), received, &json!({"match_phrase": {"message": phrase}}))?,
        page(
            "metadata and severity",
            &format!("metadata.awsRegion:{region} severity>=WARNING"),
            received,
            &all([term("metadata.awsRegion", &region), severe]),
        )?,
    ];
    classes.extend(counts());
    Ok(classes)
}

fn page(name: &'static str, query: &str, sort: Sort, filter: &Value) -> Result<Class, Error> {
    let request = PageRequest { query: parse(query)?, sort, limit: 50, cursor: None, total: false };
    let by = if matches!(sort, Sort::OccurredDescending) { "occurred_at" } else { "seq" };
    let whole = json!({"size": 50, "sort": [{by: "desc"}], "track_total_hits": false, "query": filter});
    Ok(Class { name, asked: Asked::Page(request), whole })
}

fn counts() -> [Class; 3] {
    let stats = |name, by: Vec<GroupBy>, histogram, counted: Value| {
        let request = StatsRequest { query: Query::All, by, top: 10, histogram };
        let whole = json!({"size": 0, "track_total_hits": true, "aggs": {"a": counted}});
        Class { name, asked: Asked::Stats(request), whole }
    };
    let terms = |field: &str| json!({"terms": {"field": field, "size": 10}});
    let hourly = Histogram { interval: Interval::Hour, time: HistogramTime::Occurred };
    let by_hour = json!({"field": "occurred_at", "fixed_interval": "1h", "min_doc_count": 1});
    [
        stats("count by severity", vec![GroupBy::Severity], None, terms("severity.keyword")),
        stats("by hour", vec![], Some(hourly), json!({"date_histogram": by_hour})),
        stats("top 10 actions", vec![GroupBy::Action], None, terms("action.keyword")),
    ]
}

struct Rig {
    ledger: Ledger,
    index: OpenSearch,
    large: Scope,
    small: Scope,
    following: Singletons,
    _keys: tempfile::TempDir,
}

impl Rig {
    async fn new(url: &str) -> Result<Self, Error> {
        let folder = tempfile::tempdir()?;
        let keys = Keys::local(&folder.path().join("master.key"))?;
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        migrate(&config, &keys, None).await?;
        let store = Store::connect(&config, &keys).await?;
        let ledger = Ledger::new(store.clone(), keys, CommitConfig::default());
        let (large, small) = (tenant(&store, "large").await?, tenant(&store, "small").await?);
        let config = OpenSearchConfig {
            shards: 1,
            ..OpenSearchConfig::new(
                format!("opensearch+{url}").parse()?,
                format!("rate-{}", Uuid::new_v4().simple()),
            )
        };
        let index = OpenSearch::new(config, &ledger, CursorKey::new([7; 32]), LinearLimits::default())?;
        let follower = OpenSearchFollower::new(index.clone(), ledger.clone(), SystemAuthority::assume());
        let following =
            Singletons::start(&store, ledger.moved(), vec![Arc::new(follower)], FollowConfig::default());
        Ok(Self { ledger, index, large, small, following, _keys: folder })
    }

    async fn append(&self, contents: &[Vec<u8>]) -> Result<(), Error> {
        for (at, some) in contents.chunks(500).enumerate() {
            let mut drafts = Vec::with_capacity(some.len());
            for content in some {
                let parsed = json::parse(content, &Limits::default())?;
                let object = parsed.as_object().ok_or("an entry is an object")?;
                drafts.push(Draft::new(object, Salt(Uuid::new_v4().into_bytes()), None)?);
            }
            let scope = if at % 3 == 2 { &self.small } else { &self.large };
            self.ledger.append_waiting(scope, drafts, Duration::from_secs(30)).await?;
        }
        Ok(())
    }

    async fn followed(&self) -> Result<(), Error> {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        for scope in [&self.large, &self.small] {
            loop {
                looks.tick().await;
                let projected = self.ledger.projected(scope, NAME).await?;
                if projected.position == projected.head.size {
                    break;
                }
            }
        }
        Ok(())
    }

    /// All entries, as they are answered to clients.
    async fn all(&self) -> Result<Vec<Vec<u8>>, Error> {
        use custody_ledger::{Order, Range};
        let mut all = Vec::new();
        for scope in [&self.large, &self.small] {
            let mut range = Range::default();
            loop {
                let some = self.ledger.page(scope, range, Order::OldestFirst, 1_000).await?;
                for entry in &some {
                    let mut json = Vec::new();
                    entry.write_json(&mut json);
                    all.push(json);
                }
                let Some(last) = some.last() else { break };
                range.after = Some(last.id);
            }
        }
        Ok(all)
    }

    /// The medians of the adapter, of its request by itself, and over whole documents, in milliseconds.
    async fn measure(&self, plain: &Plain, class: &Class, times: usize) -> Result<[f64; 3], Error> {
        let (path, body) =
            self.index.question_for_measurement(&self.large, &class.asked_for_measurement()).await?;
        let mut took: [Vec<f64>; 3] = Default::default();
        // In turn, so that whatever else the machine does falls on all of them.
        for round in 0..times + 20 {
            let mut one = [0.0; 3];
            let begun = Instant::now();
            match &class.asked {
                Asked::Page(request) => drop(self.index.page(&self.large, request.clone()).await?),
                Asked::Stats(request) => drop(self.index.stats(&self.large, request.clone()).await?),
            }
            one[0] = begun.elapsed().as_secs_f64() * 1e3;
            let begun = Instant::now();
            plain.ask(&path, &body).await?;
            one[1] = begun.elapsed().as_secs_f64() * 1e3;
            let begun = Instant::now();
            plain.ask_whole(&self.large.tenant().to_string(), &class.whole).await?;
            one[2] = begun.elapsed().as_secs_f64() * 1e3;
            if round >= 20 {
                took.iter_mut().zip(one).for_each(|(all, one)| all.push(one));
            }
        }
        Ok(took.map(|mut all| {
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or_default()
        }))
    }

    async fn stop(self) -> Result<(), Error> {
        self.following.stop(Duration::from_secs(5)).await;
        Ok(self.index.remove_but(None).await?)
    }
}

impl Class {
    fn asked_for_measurement(&self) -> Result<PageRequest, StatsRequest> {
        match &self.asked {
            Asked::Page(request) => Ok(request.clone()),
            Asked::Stats(request) => Err(request.clone()),
        }
    }
}

async fn tenant(store: &Store, name: &str) -> Result<Scope, Error> {
    let authority = SystemAuthority::assume();
    let operator = authority.scope(TenantId::RESERVED, "rate");
    let new = NewTenant { name: name.into(), title: name.into(), admin_email: None };
    let created = tenants::create(store, &operator, new, Utc::now()).await?;
    Ok(authority.scope(created.tenant.id, "rate"))
}
