//! One walk through pages, held to what was acknowledged before it began.

use std::{collections::HashSet, sync::atomic::Ordering};

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::Value;

use super::{
    Field,
    known::{Acknowledged, Known, one},
};
use crate::support::Answer;

pub(super) const SORTS: [&str; 4] = ["-received_at", "received_at", "-occurred_at", "occurred_at"];

/// What is walked through.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) sort: &'static str,
    /// A query, and of which kind the entries are that it finds; none finds all.
    pub(super) query: Option<(String, usize)>,
    pub(super) limit: usize,
    /// To the log's end, also where it grows meanwhile.
    pub(super) to_the_end: bool,
}

/// Where an entry stands in the order: when, in microseconds, and its id.
type Place = (i64, String);

/// How a walk ended.
pub(super) enum Ended {
    /// With so many entries.
    Whole(usize),
    /// It needs the index, which is not there or not so far.
    Refused,
}

pub(super) async fn walk(field: &Field, known: &Known, way: &Way) -> Ended {
    let expected = known.so_far(way.query.as_ref().map(|(_, kind)| *kind));
    let newest = expected.iter().map(|entry| entry.id.clone()).max();
    let (begun, mut walked) = (Utc::now().timestamp_micros(), Walked::default());
    let mut cursor = None;
    loop {
        let first = walked.pages == 0;
        let Some(page) = page(field, known, way, cursor.as_deref(), first).await else {
            return Ended::Refused;
        };
        if first {
            holds_at_once(&page, &expected);
        }
        walked.take(way, &page);
        field.seen.items.fetch_add(page["items"].as_array().unwrap().len(), Ordering::Relaxed);
        if let Some(back) = page["previous_cursor"].as_str().filter(|_| rand::random_bool(0.1)) {
            goes_back(field, known, way, back, &walked).await;
        }
        cursor = page["next_cursor"].as_str().map(ToOwned::to_owned);
        // What comes last grows while it is walked towards.
        let is_past = walked.last.as_ref().is_some_and(|(time, id)| match way.sort {
            "received_at" => newest.as_ref().is_some_and(|newest| id > newest),
            "occurred_at" => *time > begun,
            _ => false,
        });
        if cursor.is_none() || (is_past && !way.to_the_end) {
            break;
        }
    }
    let missing: Vec<_> = expected.iter().filter(|entry| !walked.ids.contains(&entry.id)).collect();
    assert!(
        missing.is_empty(),
        "{} of {} that were acknowledged are missing after {} pages of {way:?} of {}, among them {:?}",
        missing.len(),
        expected.len(),
        walked.pages,
        known.tenant.id,
        &missing[..missing.len().min(5)],
    );
    one(&field.seen.walks);
    Ended::Whole(walked.ids.len())
}

#[derive(Default)]
struct Walked {
    pages: usize,
    ids: HashSet<String>,
    last: Option<Place>,
    /// The ids of the page before, where it was full, and of this one.
    before: Option<Vec<String>>,
    this: Option<Vec<String>>,
}

impl Walked {
    /// Each stands beyond all that came before.
    fn take(&mut self, way: &Way, page: &Value) {
        self.pages += 1;
        let items = page["items"].as_array().unwrap();
        for entry in items {
            let place = place(way.sort, entry);
            let is_beyond = self
                .last
                .as_ref()
                .is_none_or(|last| if way.sort.starts_with('-') { place < *last } else { place > *last });
            assert!(is_beyond, "{place:?} comes after {:?} in {way:?}", self.last);
            assert!(self.ids.insert(place.1.clone()), "{} comes twice in {way:?}", place.1);
            if let Some((_, kind)) = &way.query {
                assert_eq!(entry["metadata"]["kind"], *kind, "{way:?} found {entry}");
            }
            self.last = Some(place);
        }
        let is_full = items.len() == way.limit;
        let ids = items.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect();
        self.before = std::mem::replace(&mut self.this, is_full.then_some(ids));
    }
}

fn place(sort: &str, entry: &Value) -> Place {
    let id = entry["id"].as_str().unwrap().to_owned();
    let at = entry["occurred_at"].as_str().or(entry["received_at"].as_str()).unwrap();
    let at = DateTime::parse_from_rfc3339(at).unwrap().timestamp_micros();
    (if sort.ends_with("received_at") { 0 } else { at }, id)
}

async fn page(field: &Field, known: &Known, way: &Way, cursor: Option<&str>, total: bool) -> Option<Value> {
    let query = way.query.as_ref().map(|(query, _)| format!("&q={query}")).unwrap_or_default();
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let path = format!("/api/v1/logs?sort={}&limit={}&total={total}{query}{cursor}", way.sort, way.limit);
    let answer = field.servers.ask(&field.seen, &known.tenant.auditor, Method::GET, &path, None).await;
    let needs_index = way.sort.ends_with("occurred_at");
    let page = answered(field, &answer, needs_index)?;
    one(&field.seen.pages);
    if !page["stopped"].is_null() {
        assert!(page["next_cursor"].is_string(), "it stopped, and does not say where to go on: {page}");
        one(&field.seen.stopped);
    }
    Some(page)
}

/// None where it is refused for want of an index, which nothing is that goes without one.
pub(super) fn answered(field: &Field, answer: &Answer, needs_index: bool) -> Option<Value> {
    if answer.status == 503 && needs_index {
        let why = answer.json()["detail"].as_str().unwrap().to_owned();
        let is_away = why.contains("search node") && field.by_node;
        assert!(is_away || why.contains("index"), "refused for another reason: {why}");
        one(&field.seen.refused);
        return None;
    }
    Some(answer.expect(200))
}

/// The first page tells of all.
fn holds_at_once(page: &Value, expected: &[Acknowledged]) {
    if let Some(end) = expected.iter().map(|entry| entry.seq + 1).max() {
        assert!(page["index_watermark"].as_u64().unwrap() >= end, "{} of {end}", page["index_watermark"]);
    }
    // Not counted is what no index could count in time.
    let total = page["total"].as_u64().map(|total| usize::try_from(total).unwrap());
    assert!(total.is_some() || page["total"]["at_least"].is_u64(), "{}", page["total"]);
    assert!(total.is_none_or(|total| total >= expected.len()), "{total:?} of {}", expected.len());
}

/// In the log's order nothing comes in between: the page before is the page before.
async fn goes_back(field: &Field, known: &Known, way: &Way, cursor: &str, walked: &Walked) {
    let (Some(before), Some(_)) = (&walked.before, &walked.this) else { return };
    if !way.sort.ends_with("received_at") {
        return;
    }
    let Some(back) = page(field, known, way, Some(cursor), false).await else { return };
    if back["stopped"].is_null() {
        let back: Vec<_> =
            back["items"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
        assert_eq!(back, *before, "back from the page after, in {way:?}");
    }
}
