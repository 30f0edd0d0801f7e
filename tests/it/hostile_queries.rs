//! Queries that nobody means well with: refused with the bound and what to do, or answered within a
//! bounded time and memory; and cursors that are not ours.

use std::{future::Future, time::Duration};

use custody_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    hostile::{Memory, alone, unharmed},
    support::{Answer, Api, Tenant, shared},
};

/// Far above what the bound of a request's work comes to in a debug build on a busy machine, and far
/// below what an unbounded query would take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Everywhere a query is read from an address.
const PATHS: [&str; 4] = ["/api/v1/logs", "/api/v1/logs/stats", "/api/v1/logs/export", "/api/v1/logs/stream"];

async fn in_time<T>(answer: impl Future<Output = T>) -> T {
    timeout(ANSWER_MAX, answer).await.expect("an answer in bounded time")
}

fn asking(path: &str, query: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://x", [("q", query)]).unwrap();
    format!("{path}?{}", url.query().unwrap())
}

/// As a reader of events, where it streams.
async fn ask(api: &Api, path: &str) -> Answer {
    in_time(Answer::of(api.request(Method::GET, path).header("accept", "text/event-stream, */*"))).await
}

async fn found(api: &Api, query: &str) -> Vec<u64> {
    let page = in_time(api.get(&asking("/api/v1/logs", query))).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn queries_beyond_the_bounds_are_refused_with_the_bound_wherever_they_are_asked() {
    let tenant = shared().await.tenant().await;
    let days = vec!["time:2026-03-01"; 129].join(" ");
    for (query, at, told) in [
        ("a ".repeat(10_000), 8_192, "8192 bytes"),
        ("a ".repeat(300), 512, "256 clauses"),
        ("a OR ".repeat(1_000) + "a", 1_280, "256 clauses"),
        (format!("\"{}\"", "a ".repeat(300)), 0, "256 clauses"),
        (format!("{}x{}", "(".repeat(1_000), ")".repeat(1_000)), 33, "32 deep"),
        ("-".repeat(1_000) + "x", 33, "32 deep"),
        (days, 0, "256 clauses"),
        (format!("action:{}", "*a".repeat(1_000)), 7, "8 `*`"),
        (format!("metadata.k:{}", "a*".repeat(9)), 11, "8 `*`"),
        (format!("action:{}", "x".repeat(8_192)), 8_192, "8192 bytes"),
        ("*a*a*a*a".to_owned(), 0, "only stand at the end of one word"),
        ("/.*/".to_owned(), 0, "only stand at the end of one word"),
        ("/(a+)+$/".to_owned(), 0, "no letter and no digit"),
        ("message:/.*/".to_owned(), 8, "by the beginning of one word"),
    ] {
        for path in PATHS {
            let problem = ask(&tenant.auditor, &asking(path, &query)).await.problem(400);
            let fault = &problem["errors"][0];
            assert_eq!((&fault["parameter"], &fault["offset"]), (&json!("q"), &json!(at)), "{problem}");
            assert!(fault["detail"].as_str().unwrap().contains(told), "{problem}");
            assert!(fault["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{problem}");
            assert!(problem.to_string().len() < 2_000, "it is not repeated");
        }
        let path = asking("/api/v1/logs/export", &query);
        in_time(tenant.auditor.post(&path, &Value::Null)).await.problem(400);
    }
}

#[tokio::test]
async fn filters_beyond_the_bounds_are_refused_with_the_bound() {
    let tenant = shared().await.tenant().await;
    let (stars, long) = ("*a".repeat(1_000), "x".repeat(9_000));
    for (filter, told) in [
        (format!("action={stars}"), "8 `*`"),
        (format!("actor={long}"), "8192 bytes"),
        // About as much as the headers of a request may have.
        (format!("actor={}", "x".repeat(50_000)), "8192 bytes"),
        (format!("session_id={long}&request_id={long}&resource_id={long}"), "8192 bytes"),
        (format!("actor=a&q={}", "a+".repeat(256)), "256 clauses"),
    ] {
        for path in PATHS {
            let problem = ask(&tenant.auditor, &format!("{path}?{filter}")).await.problem(400);
            assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(told), "{problem}");
        }
    }
}

/// There are no regular expressions, by whatever door: their signs are themselves.
#[tokio::test]
async fn what_looks_like_a_regular_expression_is_a_text() {
    let tenant = shared().await.tenant().await;
    let mut seqs = Vec::new();
    for text in ["/.*/", "aaaaaaaaaaaaaaaaaaaaaaaa!", "(a+)+$", "a.c", "abc", "[a-z]*"] {
        let entry = json!({"action": "re.test", "actor": {"id": "u"}, "metadata": {"k": text}});
        let receipt = tenant.writer.post("/api/v1/logs", &entry).await.expect(201);
        seqs.push(receipt["seq"].as_u64().unwrap());
    }
    for (query, expected) in [
        (r#"metadata.k:"/.*/""#, vec![0]),
        ("metadata.k:/.*/", vec![0]),
        (r#"metadata.k:"(a+)+$""#, vec![2]),
        ("metadata.k:a.c", vec![3]),
        ("metadata.k:a?c", vec![]),
        ("metadata.k:.+", vec![]),
        ("metadata.k:[a-z]*", vec![5]),
        ("metadata.k:/a/*", vec![]),
        ("action:/re[.]test/", vec![]),
    ] {
        let mut found = found(&tenant.auditor, query).await;
        found.reverse();
        let expected: Vec<u64> = expected.into_iter().map(|n: usize| seqs[n]).collect();
        assert_eq!(found, expected, "{query}");
    }
}

/// As many clauses and stars as may be, over texts that all but match.
#[tokio::test]
async fn wildcard_bombs_within_the_bounds_are_answered_or_refused_in_bounded_time_and_memory() {
    let (server, tenant) = alone().await;
    for _ in 0..4 {
        let texts: Vec<_> = (0..20).map(|n| format!("{n}{}", "aab".repeat(600))).collect();
        let entry = json!({"action": "a.b", "actor": {"id": "u"}, "metadata": {"k": texts}});
        tenant.writer.post("/api/v1/logs/bulk", &json!(vec![entry; 25])).await.expect(200);
    }
    let memory = Memory::of(&server);
    let all_of = |clause: &dyn Fn(usize) -> String, count: usize, between: &str| {
        (0..count).map(clause).collect::<Vec<_>>().join(between)
    };
    let no = |n: usize| format!("-metadata.k:*a*a*b*a*a*c{n}*");
    let either = |n: usize| format!("metadata.k:*aab*aab*aab*c{n}*");
    for query in [all_of(&no, 250, " "), all_of(&either, 200, " OR "), format!("{} z*", "a* ".repeat(250))] {
        for rest in ["", "&sort=occurred_at", "&total=true"] {
            let path = format!("{}{rest}", asking("/api/v1/logs", &query));
            answered_or_told(&in_time(tenant.auditor.get(&path)).await);
        }
        answered_or_told(&in_time(tenant.auditor.get(&asking("/api/v1/logs/stats", &query))).await);
    }
    // Nobody else waits for them.
    assert!(found(&tenant.auditor, "action:none").await.is_empty());
    memory.grew_at_most(80);
    unharmed(&server).await;
    server.stop().await;
}

fn answered_or_told(answer: &Answer) {
    if answer.status != 200 {
        let problem = answer.problem(400);
        let told = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(told.contains("longer than one request may"), "{problem}");
    }
}

/// 100 MiB of entries: a page holds as much as one may, says so, and the next goes on.
#[tokio::test]
async fn everything_at_once_comes_in_pages_of_bounded_size() {
    let (server, tenant) = alone().await;
    let entry = json!({"action": "a.b", "actor": {"id": "u"}, "metadata": {"text": "x".repeat(250_000)}});
    for _ in 0..10 {
        tenant.writer.post("/api/v1/logs/bulk", &json!(vec![&entry; 40])).await.expect(200);
    }
    // By another time than that of its coming nothing is answered until the index has all of it.
    eventually("the index", || async {
        let answer = tenant.auditor.get("/api/v1/logs?q=action:a.b&sort=occurred_at&limit=1").await;
        (answer.status == 200).then_some(())
    })
    .await;
    let memory = Memory::of(&server);
    for sort in ["-received_at", "occurred_at"] {
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let path = format!("/api/v1/logs?q=action:*&action=a.b&sort={sort}&limit=1000{cursor}");
            let answer = in_time(tenant.auditor.get(&path)).await;
            assert!(answer.bytes.len() < 20 << 20, "{} bytes", answer.bytes.len());
            let page = answer.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            assert_eq!(page["stopped"]["reason"], "page_bytes", "{}", page["stopped"]);
            cursor = format!("&cursor={next}");
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 400, "{sort}");
    }
    // The parts in memory grow meanwhile: 130 to 169 MiB were seen. All 100 MB in one page take above 300.
    memory.grew_at_most(220);
    unharmed(&server).await;
    server.stop().await;
}

async fn with_entries(count: usize) -> Tenant {
    let tenant = shared().await.tenant().await;
    for n in 0..count {
        tenant.write(&format!("cursor.{n}")).await;
    }
    tenant
}

const WALK: &str = "/api/v1/logs?q=action:cursor.*&limit=1";

async fn cursors(tenant: &Tenant) -> [String; 2] {
    let first = tenant.auditor.get(WALK).await.expect(200);
    let next = first["next_cursor"].as_str().unwrap().to_owned();
    let second = tenant.auditor.get(&format!("{WALK}&cursor={next}")).await.expect(200);
    [next, second["previous_cursor"].as_str().unwrap().to_owned()]
}

fn refused(problem: &Value) {
    let fault = &problem["errors"][0];
    assert_eq!(fault["parameter"], "cursor", "{problem}");
    assert!(fault["detail"].as_str().unwrap().contains("start without one"), "{problem}");
}

#[tokio::test]
async fn a_cursor_of_which_any_character_is_another_is_refused() {
    let tenant = with_entries(3).await;
    for cursor in cursors(&tenant).await {
        assert!(cursor.is_ascii());
        for at in 0..cursor.len() {
            // One that the alphabet has, and one that it has not.
            let other = if cursor.as_bytes()[at] == b'A' { 'B' } else { 'A' };
            for other in [other, '!'] {
                let changed = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
                let path = format!("{WALK}&cursor={changed}");
                refused(&tenant.auditor.get(&path).await.problem(400));
            }
        }
        let cut = &cursor[..cursor.len() - 1];
        for changed in [String::new(), cut.to_owned(), format!("{cursor}A"), "A".repeat(60_000)] {
            refused(&in_time(tenant.auditor.get(&format!("{WALK}&cursor={changed}"))).await.problem(400));
        }
        tenant.auditor.get(&format!("{WALK}&cursor={cursor}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_cursor_of_another_tenant_reader_query_or_order_is_refused() {
    let (tenant, other) = (with_entries(3).await, with_entries(3).await);
    for cursor in cursors(&tenant).await {
        let walk = format!("{WALK}&cursor={cursor}");
        refused(&other.auditor.get(&walk).await.problem(400));
        // Who sees only what they recorded walks another way.
        refused(&tenant.user.get(&walk).await.problem(400));
        for otherwise in [
            format!("/api/v1/logs?limit=1&cursor={cursor}"),
            format!("/api/v1/logs?q=action:cursor.1&limit=1&cursor={cursor}"),
            format!("{walk}&severity=INFO"),
            format!("{walk}&sort=received_at"),
            format!("{walk}&sort=occurred_at"),
        ] {
            refused(&tenant.auditor.get(&otherwise).await.problem(400));
        }
        // The same walk in other words, and at another size of its pages.
        tenant.admin.get(&format!("/api/v1/logs?action=cursor.*&limit=3&cursor={cursor}")).await.expect(200);
    }
}
