//! `GET /api/v1/log/entries`

use custody_proof::stream::{Frame, read_frame, read_opening};
use serde_json::json;

use super::setting::{ENTRIES, Setting};
use crate::support::{Api, shared};

async fn frames(api: &Api, query: &str) -> (u64, Vec<u64>, u64) {
    let answer = api.get(&format!("/api/v1/log/entries{query}")).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
    assert_eq!(answer.header("content-type"), "application/vnd.custody.entries");
    let (opening, mut at) = read_opening(&answer.bytes).unwrap().unwrap();
    let mut seqs = Vec::new();
    loop {
        let (frame, length) = read_frame(&answer.bytes[at..]).unwrap().expect("the stream has an end");
        at += length;
        match frame {
            Frame::Entry(entry) => seqs.push(entry.seq),
            Frame::Unreadable(entry) => panic!("{entry:?}"),
            Frame::End { next } => {
                assert_eq!(at, answer.bytes.len(), "something follows the end");
                return (opening.size, seqs, next);
            }
        }
    }
}

#[tokio::test]
async fn a_stream_holds_what_was_asked_for_and_says_where_it_ends() {
    let setting = Setting::new().await;
    let auditor = &setting.tenant.auditor;
    for (query, range) in [
        ("", 0..ENTRIES),
        ("?from=0&to=1", 0..1),
        ("?from=255&to=258", 255..258),
        ("?from=256", 256..ENTRIES),
        ("?from=7&to=7", 7..7),
        ("?from=290&to=5000", 290..ENTRIES),
    ] {
        let (size, seqs, next) = frames(auditor, query).await;
        assert_eq!(size, ENTRIES);
        assert_eq!(seqs, range.clone().collect::<Vec<_>>(), "{query}");
        assert_eq!(next, range.end, "{query}");
    }
    let (_, seqs, next) = frames(auditor, "?from=5000").await;
    assert_eq!((seqs, next), (Vec::new(), 5000));
    setting.server.stop().await;
}

/// 64 hex digits that follow from a number and look like none (splitmix64).
fn digits(n: u64) -> String {
    let mut state = n;
    let mut word = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    format!("{:016x}{:016x}{:016x}{:016x}", word(), word(), word(), word())
}

/// More than a page of the database's rows holds, so that pages are cut by their bytes.
#[tokio::test]
async fn large_entries_come_whole_and_in_order() {
    let setting = Setting::new().await;
    for n in 0..8_u64 {
        // Nothing in it repeats: it stays large where it is stored.
        let blob: String = (0..12_000).map(|i| digits((n * 100_000 + i) << 32)).collect();
        let entry = json!({"action": "large", "actor": {"id": "u"}, "metadata": {"blob": blob}});
        setting.tenant.writer.post("/api/v1/logs", &entry).await.expect(201);
    }
    setting.signed(ENTRIES + 8).await;
    let (_, seqs, next) = frames(&setting.tenant.auditor, "?from=298").await;
    assert_eq!((seqs, next), ((298..ENTRIES + 8).collect(), ENTRIES + 8));
    setting.verify().await.proven();
    setting.server.stop().await;
}

#[tokio::test]
async fn a_stream_is_for_who_may_read_all_of_the_log_and_of_that_log_alone() {
    let tenant = shared().await.tenant().await;
    tenant.write("theirs").await;
    for (role, api) in [("user", &tenant.user), ("writer", &tenant.writer)] {
        assert_eq!(api.get("/api/v1/log/entries").await.status, 403, "{role}");
    }
    let opening = async |api: &Api| {
        let bytes = api.get("/api/v1/log/entries").await.bytes;
        read_opening(&bytes).unwrap().unwrap().0.tenant.to_string()
    };
    let other = shared().await.tenant().await;
    assert_eq!(opening(&tenant.auditor).await, tenant.id);
    assert_eq!(opening(&other.auditor).await, other.id);
    let (size, seqs, _) = frames(&other.auditor, "").await;
    assert_eq!(seqs, (0..size).collect::<Vec<_>>());
    tenant.auditor.get("/api/v1/log/entries?from=2&to=1").await.problem(400);
    tenant.auditor.get("/api/v1/log/entries?from=-1").await.problem(400);
    tenant.auditor.get("/api/v1/log/entries?form=1").await.problem(400);
}
