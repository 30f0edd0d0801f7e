//! Many readers, and slow ones.

use custody_testkit::eventually;
use futures::future::{join_all, try_join_all};
use serde_json::Value;

use super::{STREAM, entries, follow, seqs, write, write_padded};
use crate::support::{
    Server, shared,
    socket::{next, open},
};

#[tokio::test]
async fn a_thousand_sockets_get_every_entry_once() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let opened = (0..20).map(|n| {
        let parameters = if n % 2 == 0 { "q=action:test.*" } else { "action=test.*" };
        let tenant = &tenant;
        async move {
            let mut sockets = Vec::new();
            for _ in 0..50 {
                sockets.push(follow(server, &tenant.auditor, parameters).await.0);
            }
            sockets
        }
    });
    let mut sockets: Vec<_> = join_all(opened).await.into_iter().flatten().collect();
    assert_eq!(sockets.len(), 1000);
    let mut written = Vec::new();
    for _ in 0..5 {
        written.extend(write(&tenant, "test.spread", 4).await);
    }
    let got = join_all(sockets.iter_mut().map(|socket| entries(socket, written.len()))).await;
    for got in got {
        assert_eq!(seqs(&got), written);
    }
    // 1,024 of a tenant, and each gives its place back.
    let rest = try_join_all((0..24).map(|_| open(server, STREAM, Some(&tenant.auditor)))).await.unwrap();
    assert_eq!(
        open(server, STREAM, Some(&tenant.auditor)).await.err().map(|status| status.as_u16()),
        Some(503)
    );
    drop((rest, sockets));
    eventually("their places are free again", || async {
        open(server, STREAM, Some(&tenant.auditor)).await.ok()
    })
    .await;
}

async fn counted(server: &Server, name: &str) -> u64 {
    let metrics = server.anonymous().get("/metrics").await;
    let text = String::from_utf8(metrics.bytes).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed_and_goes_on_from_there() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (mut slow, _) = follow(server, &tenant.auditor, "q=action:test.*").await;
    let dropped = "custody_live_entries_dropped_total";
    let before = counted(server, dropped).await;
    // Nothing is read while more is written than sockets and the queue hold.
    let mut written = Vec::new();
    while counted(server, dropped).await < before + 20 {
        written.extend(write_padded(&tenant, "test.large", 40, 30_000).await);
    }
    let (mut got, mut missed) = (Vec::new(), None);
    while missed.is_none() {
        let message: Value = next(&mut slow).await.unwrap();
        match message["type"].as_str().unwrap() {
            "entry" => got.push(message["entry"]["seq"].as_u64().unwrap()),
            "dropped" => missed = Some((message["from"].as_u64().unwrap(), message["to"].as_u64().unwrap())),
            _ => {}
        }
    }
    let (from, to) = missed.unwrap();
    assert_eq!(
        got,
        written.iter().copied().filter(|seq| *seq < from).collect::<Vec<_>>(),
        "all before the gap"
    );
    assert!(written.contains(&from) && written.contains(&to) && from <= to);
    let last = write(&tenant, "test.after", 1).await;
    let after: Vec<_> = written.iter().chain(&last).copied().filter(|seq| *seq > to).collect();
    assert_eq!(seqs(&entries(&mut slow, after.len()).await), after, "and on behind it");
    let (mut again, _) =
        follow(server, &tenant.auditor, &format!("q=action:test.*&after={}", from - 1)).await;
    let gap: Vec<_> = written.into_iter().filter(|seq| (from..=to).contains(seq)).collect();
    assert_eq!(seqs(&entries(&mut again, gap.len()).await), gap, "what was missed");
}
