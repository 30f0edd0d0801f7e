//! What a stream brings: every entry that was asked for, once, in order; and nobody else's.

use futures::future::join_all;
use serde_json::json;
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::{STREAM, entries, follow, seqs, write};
use crate::support::{
    shared,
    socket::{next, open, say},
};

#[tokio::test]
async fn it_goes_from_the_past_into_the_present_without_gap_or_double() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let past = write(&tenant, "test.past", 1500).await;
    let first = past[0];
    let writers = join_all((0..3).map(|_| async {
        let mut written = Vec::new();
        for _ in 0..20 {
            written.extend(write(&tenant, "test.present", 7).await);
        }
        written
    }));
    let readers = async {
        let mut sockets = Vec::new();
        for after in (0..8).map(|n| first + n * 200) {
            let (socket, told) =
                follow(server, &tenant.auditor, &format!("q=action:test.*&after={after}")).await;
            assert_eq!(told, after.to_string());
            sockets.push((socket, after));
        }
        sockets
    };
    let (present, sockets) = tokio::join!(writers, readers);
    // Own changes of the server's stand between them.
    let mut written = [past, present.concat()].concat();
    written.sort_unstable();
    for (mut socket, after) in sockets {
        let expected: Vec<_> = written.iter().copied().filter(|seq| *seq > after).collect();
        let got = entries(&mut socket, expected.len()).await;
        assert_eq!(seqs(&got), expected);
        let alone = tenant.auditor.get(&format!("/api/v1/logs/{}", got[0]["id"].as_str().unwrap())).await;
        assert_eq!(alone.expect(200), got[0], "as it is answered alone");
    }
}

#[tokio::test]
async fn it_begins_now_and_brings_what_the_filters_ask_for() {
    let server = shared().await;
    let tenant = server.tenant().await;
    write(&tenant, "test.before", 3).await;
    let (mut all, _) = follow(server, &tenant.auditor, "action=test.*").await;
    let (mut some, _) = follow(server, &tenant.auditor, "q=actor:u1&action=test.b*").await;
    let a = write(&tenant, "test.a", 2).await;
    let b = write(&tenant, "test.b", 2).await;
    assert_eq!(seqs(&entries(&mut some, 2).await), b);
    assert_eq!(seqs(&entries(&mut all, 4).await), [a, b].concat());
    // From the log's first entry, which no other is before.
    let (mut whole, _) = follow(server, &tenant.auditor, "after=-1").await;
    assert_eq!(seqs(&entries(&mut whole, 7).await), [0, 1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn the_query_can_be_changed_on_the_way() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (mut socket, _) = follow(server, &tenant.auditor, "q=action:test.a").await;
    let first = write(&tenant, "test.a", 1).await;
    let between = write(&tenant, "test.b", 1).await;
    assert_eq!(seqs(&entries(&mut socket, 1).await), first);
    say(&mut socket, &json!({"type": "query", "q": "action:test.b", "actor": "u1"})).await;
    let told = next(&mut socket).await.unwrap();
    assert_eq!(told["type"], "query");
    let since = told["after"].as_str().unwrap().parse::<u64>().unwrap();
    write(&tenant, "test.a", 1).await;
    let second = write(&tenant, "test.b", 1).await;
    // Whether the one between came before the change or after it, its `after` says.
    let expected: Vec<_> = between.iter().chain(&second).copied().filter(|seq| *seq > since).collect();
    assert_eq!(seqs(&entries(&mut socket, expected.len()).await), expected);
    say(&mut socket, &json!({"type": "query", "q": "actor: x"})).await;
    let refused = next(&mut socket).await.unwrap();
    assert_eq!((&refused["type"], &refused["problem"]["errors"][0]["offset"]), (&json!("error"), &json!(6)));
    say(&mut socket, &json!({"type": "other"})).await;
    assert_eq!(next(&mut socket).await.unwrap()["problem"]["status"], 400);
    let third = write(&tenant, "test.b", 1).await;
    assert_eq!(seqs(&entries(&mut socket, 1).await), third, "it goes on as it was");
}

#[tokio::test]
async fn it_brings_nothing_of_another_tenant() {
    let server = shared().await;
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    let (mut socket, _) = follow(server, &tenant.auditor, "q=action:test.*").await;
    let mut mine = Vec::new();
    for _ in 0..5 {
        write(&other, "test.theirs", 5).await;
        mine.extend(write(&tenant, "test.mine", 1).await);
    }
    let got = entries(&mut socket, mine.len()).await;
    assert_eq!(seqs(&got), mine);
    assert!(got.iter().all(|entry| entry["tenant_id"] == *tenant.id), "{got:?}");
    // A place in one log is none in another.
    let (_, sealed) = follow(server, &other.user, "").await;
    let foreign = format!("{STREAM}?after={sealed}");
    assert_eq!(open(server, &foreign, Some(&tenant.user)).await.err(), Some(StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn who_may_read_their_own_alone_gets_that_alone_and_no_counts() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (mut socket, began) = follow(server, &tenant.user, "q=action:test.*").await;
    assert!(began.parse::<u64>().is_err(), "{began} tells how long the log is");
    let own = |action: &str| json!({"action": action, "actor": {"id": "me"}});
    let mut mine = Vec::new();
    for action in ["test.1", "test.2", "test.3"] {
        write(&tenant, "test.others", 4).await;
        mine.push(tenant.user.post("/api/v1/logs", &own(action)).await.expect(201)["seq"].as_u64().unwrap());
    }
    assert_eq!(seqs(&entries(&mut socket, 3).await), mine);
    // From where it began, which is told to be used.
    let (mut again, _) = follow(server, &tenant.user, &format!("after={began}")).await;
    assert_eq!(seqs(&entries(&mut again, 3).await), mine);
    // How long the log is cannot be found out by asking for what is not there.
    let (_, beyond) = follow(server, &tenant.user, "after=1000000").await;
    assert!(beyond.parse::<u64>().is_err());
}

#[tokio::test]
async fn what_cannot_be_followed_is_said_before_it_begins() {
    let server = shared().await;
    let tenant = server.tenant().await;
    tenant.auditor.get(STREAM).await.problem(400);
    for parameters in ["q=actor:", "severity=LOUD", "after=x", "after=1000000", "limit=5", "sort=received_at"]
    {
        let path = format!("{STREAM}?{parameters}");
        let refused = open(server, &path, Some(&tenant.auditor)).await.err();
        assert_eq!(refused, Some(StatusCode::BAD_REQUEST), "{parameters}");
    }
    assert_eq!(open(server, STREAM, Some(&tenant.writer)).await.err(), Some(StatusCode::FORBIDDEN));
    assert_eq!(open(server, STREAM, None).await.err(), Some(StatusCode::UNAUTHORIZED));
}
