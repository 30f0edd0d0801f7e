//! Clients that read until the end.

use reqwest::Method;

use super::{
    Field, TENANTS,
    known::{KINDS, Known, one},
    walk::{Ended, SORTS, Way, answered, walk},
};

/// Pages of a walk, about: what is asked for is not smaller.
const PAGES: usize = 40;
const LIMIT_MAX: usize = 1_000;

pub(super) async fn run(field: &Field, reader: usize) {
    let mut turn = reader;
    while !field.is_over() {
        let known = &field.known[rand::random_range(0..TENANTS)];
        walk(field, known, &way(known, SORTS[turn % SORTS.len()])).await;
        one_by_id(field, known).await;
        counts(field, known).await;
        turn += 1;
    }
}

fn way(known: &Known, sort: &'static str) -> Way {
    let query = query();
    let expected = known.so_far(query.as_ref().map(|(_, kind)| *kind)).len();
    let least = (expected / PAGES).clamp(1, LIMIT_MAX);
    Way { sort, query, limit: rand::random_range(least..=LIMIT_MAX), to_the_end: false }
}

/// Each finds the entries of a kind, by another part of the index.
fn query() -> Option<(String, usize)> {
    let kind = rand::random_range(0..KINDS);
    let query = match rand::random_range(0..6) {
        0 => format!("action:while.kind{kind}"),
        1 => format!("message:word{kind}"),
        2 => format!("metadata.kind:{kind}+severity>=ERROR"),
        3 => format!("actor:actor-{kind}+action:while.*"),
        _ => return None,
    };
    Some((query, kind))
}

async fn one_by_id(field: &Field, known: &Known) {
    let Some(entry) = known.any() else { return };
    let path = format!("/api/v1/logs/{}", entry.id);
    let answer = field.servers.ask(&field.seen, &known.tenant.auditor, Method::GET, &path, None).await;
    assert_eq!(answer.expect(200)["seq"], entry.seq);
}

async fn counts(field: &Field, known: &Known) {
    let Some((query, kind)) = query() else { return };
    let expected = known.so_far(Some(kind)).len();
    let path = format!("/api/v1/logs/stats?q={query}&by=action");
    let answer = field.servers.ask(&field.seen, &known.tenant.auditor, Method::GET, &path, None).await;
    let Some(stats) = answered(field, &answer, true) else { return };
    let count = stats["count"].as_u64().unwrap();
    assert!(usize::try_from(count).unwrap() >= expected, "{count} of {expected} are counted by {query}");
    assert_eq!(stats["groups"][0]["values"][0]["count"], count, "{stats}");
    one(&field.seen.counts);
}

/// Nobody writes any more: every order has every entry, once, and all say how many there are.
pub(super) async fn last(field: &Field) {
    for known in &field.known {
        for sort in SORTS {
            let way = Way { sort, query: None, limit: LIMIT_MAX, to_the_end: true };
            let walked = custody_testkit::eventually("the index to be there", || async {
                match walk(field, known, &way).await {
                    Ended::Whole(walked) => Some(walked),
                    Ended::Refused => None,
                }
            })
            .await;
            assert!(walked >= known.so_far(None).len());
        }
    }
}
