//! What is found, where all is as it should be.

use custody_auth::SystemAuthority;
use custody_domain::{
    TenantId,
    query::{Query, parse},
};
use custody_search::{
    PageRequest, Search as _, Sort, StatsRequest, Total, opensearch::OpenSearchConfig, stats::GroupBy,
};
use uuid::Uuid;

use super::fixture::{IndexedLog, config, executor, url};
use crate::{
    conformance,
    memory::{MemoryLog, TENANT, numbered, scope},
    readers::user,
    walk::{request, walk},
};

#[tokio::test]
async fn it_conforms_wherever_the_index_ends() {
    let contents = conformance::documented_contents();
    for indexed in [0, 3, contents.len()] {
        let log = IndexedLog::of(MemoryLog::of(&contents[..indexed]));
        let index = executor(&log, config(&url()));
        assert_eq!(log.index(&index).await, []);
        contents[indexed..].iter().for_each(|content| log.log.append(content));
        conformance::holds(&index, &scope(), &log.log.entries(), &Sort::ALL).await;
        if indexed == contents.len() {
            assert_eq!(log.log.read(), 0, "the log was searched, and not the index");
        }
        index.remove_but(None).await.unwrap();
    }
}

/// Ids are made in each log for itself: what two tenants write in one millisecond has one id.
#[tokio::test]
async fn entries_of_two_tenants_with_one_id_are_two() {
    let log = IndexedLog::of(MemoryLog::numbered(20));
    let index = executor(&log, config(&url()));
    assert_eq!(log.index(&index).await, []);
    let mut others = log.log.entries();
    for entry in &mut others {
        entry.tenant_id = TenantId(Uuid::from_u128(8));
    }
    let mut writer = index.writer(1).await.unwrap();
    writer.push(0, &others[..10]).await.unwrap();
    assert_eq!(writer.publish().await.unwrap(), []);
    let found = walk(&index, &scope(), &Query::All, Sort::ReceivedAscending, 7).await;
    assert_eq!(found, (0..20).collect::<Vec<_>>());
    assert_eq!(log.log.read(), 0, "the log was searched, and not the index");
    index.remove_but(None).await.unwrap();
}

#[tokio::test]
async fn it_goes_back() {
    let contents = conformance::documented_contents();
    let log = IndexedLog::of(MemoryLog::of(&contents[..2]));
    let index = executor(&log, config(&url()));
    log.index(&index).await;
    contents[2..].iter().for_each(|content| log.log.append(content));
    conformance::goes_back(&index, &scope(), &Sort::ALL).await;
    index.remove_but(None).await.unwrap();
}

#[tokio::test]
async fn it_keeps_the_grant() {
    let (owner, other) = (user(TENANT, 1).await, user(TENANT, 2).await);
    let log = IndexedLog::of(MemoryLog::of(conformance::contents_of(&owner)));
    let index = executor(&log, config(&url()));
    log.index(&index).await;
    conformance::keeps_the_grant(&index, &owner, &other).await;
    index.remove_but(None).await.unwrap();
}

#[tokio::test]
async fn texts_of_any_characters_are_found_as_they_are() {
    let odd = ["a\\u0000b", "a*b", "a?b", "a\\\\b", "\\u2028", "{\\\"x\\\":1}", "𐀀\\uffff", "a\\nb"];
    let of = |text: &str| {
        format!(
            r#"{{"action":"a.b","actor":{{"id":"x"}},"metadata":{{"k":"{text}","k.l":{{"":"{text}"}}}}}}"#
        )
    };
    let log = IndexedLog::of(MemoryLog::of(odd.map(of)));
    let index = executor(&log, config(&url()));
    assert_eq!(log.index(&index).await, []);
    let queries = [
        r"metadata.k:a\*b",
        r"metadata.k:a*b",
        r"metadata.k:a\?*",
        r"metadata.k:*\\b",
        r#"metadata.k:"a\u{0}b""#,
        "x",
        "exists:metadata.k",
    ];
    for query in queries.iter().filter_map(|query| parse(query).ok()) {
        conformance::answers(&index, &scope(), &log.log.entries(), &query, &Sort::ALL, &[3]).await;
    }
    let longest = "x".repeat(custody_domain::query::EXACT_BYTES_MAX);
    log.log.append(&of(&longest));
    log.log.append(&format!(
        r#"{{"action":"a.b","actor":{{"id":"x"}},"metadata":{{"{}":"{longest}"}}}}"#,
        "k".repeat(4_000)
    ));
    assert_eq!(log.index(&index).await, []);
    let found =
        walk(&index, &scope(), &parse(&format!("metadata.k:{longest}")).unwrap(), Sort::default(), 7).await;
    assert_eq!(found, [8]);
    index.remove_but(None).await.unwrap();
}

#[tokio::test]
async fn a_tenant_finds_nothing_of_others_in_one_index_or_in_its_own() {
    for own in [vec![], vec![TENANT]] {
        let log = IndexedLog::of(MemoryLog::numbered(20));
        let config = OpenSearchConfig { own, ..config(&url()) };
        let index = executor(&log, config.clone());
        log.index(&index).await;
        let others = SystemAuthority::assume().scope(TenantId(Uuid::from_u128(8)), "test");
        // The log in memory is everybody's; the index is not.
        for query in ["", "action:test.*", "-action:none", "action:none OR metadata.n>=0"] {
            let all = walk(&index, &scope(), &parse(query).unwrap(), Sort::default(), 7).await;
            assert_eq!(all.len(), 20, "{query}");
            let found = index.page(&others, request(query, Sort::OccurredDescending, 7)).await;
            if config.own.is_empty() {
                assert!(found.unwrap().items.is_empty(), "{query}");
            } else {
                assert!(found.is_err(), "{query}: others have no index, where one has its own");
            }
        }
        index.remove_but(None).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_written_twice_is_there_once() {
    let log = IndexedLog::of(MemoryLog::numbered(30));
    let index = executor(&log, config(&url()));
    log.index(&index).await;
    log.pretend(10, 1);
    log.index(&index).await;
    let found = walk(&index, &scope(), &Query::All, Sort::ReceivedAscending, 7).await;
    assert_eq!(found, (0..30).collect::<Vec<_>>());
    let total = index
        .page(&scope(), PageRequest { total: true, ..request("", Sort::default(), 1) })
        .await
        .unwrap()
        .total;
    assert_eq!(total, Some(Total::Exactly(30)));
    index.remove_but(None).await.unwrap();
}

#[tokio::test]
async fn what_is_in_the_index_beyond_its_position_is_not_counted_twice() {
    let log = IndexedLog::of(MemoryLog::numbered(30));
    let index = executor(&log, config(&url()));
    log.index(&index).await;
    log.pretend(10, 1);
    for sort in Sort::ALL {
        let found = walk(&index, &scope(), &Query::All, sort, 7).await;
        assert_eq!(found.len(), 30, "{sort}");
    }
    let request = StatsRequest { query: Query::All, by: GroupBy::ALL.to_vec(), top: 5, histogram: None };
    assert_eq!(index.stats(&scope(), request).await.unwrap().count, 30);
    index.remove_but(None).await.unwrap();
}

#[tokio::test]
async fn more_values_than_are_asked_for_at_once_are_counted_all() {
    let log = IndexedLog::of(MemoryLog::of(
        (0..12_000).map(|n| format!(r#"{{"action":"a.b","actor":{{"id":"u{}"}}}}"#, n % 11_000)),
    ));
    let index = executor(&log, config(&url()));
    log.index(&index).await;
    let request = StatsRequest { query: Query::All, by: vec![GroupBy::Actor], top: 3, histogram: None };
    let stats = index.stats(&scope(), request).await.unwrap();
    let (_, group) = &stats.groups[0];
    let two = |n: &str| (n.to_owned(), 2);
    assert_eq!(group.values, [two("u0"), two("u1"), two("u10")]);
    assert_eq!((group.others, group.missing), (12_000 - 6, 0));
    index.remove_but(None).await.unwrap();
}

/// As when the operator has the index made anew while searches run.
#[tokio::test]
async fn an_index_that_is_removed_is_not_taken_for_an_empty_one() {
    let log = IndexedLog::of(MemoryLog::numbered(30));
    let index = executor(&log, config(&url()));
    log.index(&index).await;
    assert_eq!(walk(&index, &scope(), &Query::All, Sort::default(), 7).await.len(), 30);
    index.remove_but(None).await.unwrap();
    // The log says that all is there; it is read where it is not.
    assert_eq!(walk(&index, &scope(), &Query::All, Sort::default(), 7).await.len(), 30);
    assert!(index.page(&scope(), request("", Sort::OccurredDescending, 7)).await.is_err());
    log.pretend(0, 2);
    log.index(&index).await;
    assert_eq!(walk(&index, &scope(), &Query::All, Sort::OccurredDescending, 7).await.len(), 30);
    index.remove_but(None).await.unwrap();
}

#[tokio::test]
async fn a_document_that_is_missing_is_noticed() {
    let log = IndexedLog::of(MemoryLog::numbered(7_300));
    let index = executor(&log, config(&url()));
    log.index(&index).await;
    assert_eq!(index.reconcile(&scope(), None).await.unwrap(), []);
    let hour = log.log.entries()[0].id.received_at().timestamp() / 3_600;
    assert_eq!(index.reconcile(&scope(), Some(hour + 1)).await.unwrap(), []);
    // As if ten more of its second hour had been written.
    log.log.append(&numbered(0));
    log.pretend(7_301, 1);
    let differ = index.reconcile(&scope(), None).await.unwrap();
    assert_eq!(differ.len(), 1, "{differ:?}");
    assert_eq!((differ[0].hour, differ[0].ledger, differ[0].index), (hour + 2, 102, 101));
    index.remove_but(None).await.unwrap();
}
