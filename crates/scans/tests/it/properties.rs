//! Whatever findings there are, and in whatever order scans come in.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use chrono::{DateTime, Duration, Utc};
use custody_domain::{Delta, Evidence, FindingSeverity, FindingStatus, ScanId};
use custody_scans::finding::{Form, NewFinding, from_ocsf, indented};
use custody_store::{
    PageRequest,
    findings::{self, Finding, Inserted, NewBase, NewResource, ScanRef},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use uuid::Uuid;

use crate::findings_fixture::{Fixture, context, new_scan};

/// JSON without white space, and the same with some.
fn json() -> impl Strategy<Value = (String, String)> {
    let string = prop_oneof![
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\u00e9\ud83d\ude00\/ \" { , : ] \\""#.to_owned()),
    ];
    let number = prop_oneof!["-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?"];
    let word = prop_oneof![Just("null"), Just("true"), Just("false")].prop_map(str::to_owned);
    let leaf = prop_oneof![string, number, word].prop_map(|text| (text.clone(), text));
    let blank = "[ \n\r\t]{0,3}";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let items = proptest::collection::vec((inner, blank, blank), 0..6);
        (items, any::<bool>(), blank).prop_map(|(items, is_object, end)| {
            let (open, close) = if is_object { ('{', '}') } else { ('[', ']') };
            let (mut plain, mut spaced) = (open.to_string(), open.to_string());
            for (n, ((text, text_spaced), before, after)) in items.iter().enumerate() {
                let comma = if n > 0 { "," } else { "" };
                let (mut key, mut key_spaced) = (String::new(), String::new());
                if is_object {
                    key = format!("\"k {n}\":");
                    key_spaced = format!("\"k {n}\"{after}:{before}");
                }
                plain.extend([comma, &key, text]);
                spaced.extend([comma, before, &key_spaced, text_spaced, after]);
            }
            (format!("{plain}{close}"), format!("{spaced}{end}{close}"))
        })
    })
}

proptest! {
    #[test]
    fn a_findings_text_is_kept_to_the_letter_but_for_white_space((plain, spaced) in json()) {
        let finding = |json: &str| format!(
            r#"{{"finding_info":{{"uid":"u"}},"metadata":{{"event_code":"c"}},"cloud":{{"provider":"aws","account":{{"uid":"1"}}}},"any":{json}}}"#
        );
        let expected = finding(&plain);
        for text in [finding(&spaced), expected.clone()] {
            let read = from_ocsf(text.as_bytes(), Evidence::Complete, &context()).unwrap();
            prop_assert_eq!(&read.text, &expected);
        }
        let mut laid_out = String::new();
        indented(&expected, 0, &mut laid_out);
        let again = from_ocsf(laid_out.as_bytes(), Evidence::Complete, &context()).unwrap();
        prop_assert_eq!(&again.text, &expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in r#"[\[\]{}",:a0\\ ]{0,60}"#) {
        let _ = from_ocsf(&bytes, Evidence::Complete, &context());
        let _ = from_ocsf(text.as_bytes(), Evidence::Complete, &context());
    }
}

/// Few buckets, so that uids meet; few variants, so that some are the same to the letter.
#[derive(Clone, Debug)]
struct Found {
    bucket: u8,
    variant: u8,
    status: FindingStatus,
}

#[derive(Clone, Debug)]
struct Batch {
    /// Which of the scans.
    scan: usize,
    found: Vec<Found>,
}

#[derive(Clone, Debug)]
struct History {
    /// Of each scan the hour, and which earlier one it is compared with.
    scans: Vec<(i64, Option<usize>)>,
    batches: Vec<Batch>,
}

fn history() -> impl Strategy<Value = History> {
    let status = prop_oneof![
        Just(FindingStatus::Fail),
        Just(FindingStatus::Fail),
        Just(FindingStatus::Pass),
        Just(FindingStatus::Manual)
    ];
    let found =
        (0..3_u8, 0..2_u8, status).prop_map(|(bucket, variant, status)| Found { bucket, variant, status });
    let batch =
        (0..4_usize, proptest::collection::vec(found, 0..6)).prop_map(|(scan, found)| Batch { scan, found });
    let scans = (proptest::collection::vec(0..5_i64, 4), proptest::collection::vec(any::<bool>(), 4));
    (scans, proptest::collection::vec(batch, 1..10)).prop_map(|((hours, compared), batches)| {
        let scan = |n: usize| (hours[n], (compared[n] && n > 0).then(|| n - 1));
        History { scans: (0..4).map(scan).collect(), batches }
    })
}

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + Duration::hours(hour)
}

fn finding(found: &Found, hour: i64) -> NewFinding {
    let Found { bucket, variant, status } = found;
    NewFinding {
        base: NewBase {
            form: Form::Ocsf,
            provider: "aws".to_owned(),
            check_id: "c".to_owned(),
            service: "s3".to_owned(),
            title: "T".to_owned(),
            version: "1".to_owned(),
        },
        resource: NewResource {
            uid: format!("arn:{bucket}:{variant}"),
            name: bucket.to_string(),
            kind: String::new(),
        },
        account: "1".to_owned(),
        region: "r".to_owned(),
        uid: format!("prowler-aws-c-1-r-{bucket}"),
        status: *status,
        severity: FindingSeverity::Low,
        evidence: Evidence::Complete,
        seen_at: at(hour),
        text: format!(r#"{{"bucket":{bucket},"variant":{variant},"status":"{status}","hour":{hour}}}"#),
    }
}

/// What is known of a place, by scans: the definition, in memory.
type Model = HashMap<usize, BTreeMap<Uuid, Vec<(String, FindingStatus)>>>;

async fn check(fixture: &Fixture, history: &History) {
    let tenant = fixture.tenant().await;
    let ids: Vec<ScanId> = history.scans.iter().map(|_| new_scan().id).collect();
    let scan = |n: usize| ScanRef { id: ids[n], previous: history.scans[n].1.map(|n| ids[n]) };
    let mut model = Model::new();
    for batch in &history.batches {
        let (hour, previous) = history.scans[batch.scan];
        let new: Vec<_> = batch.found.iter().map(|found| finding(found, hour)).collect();
        // Twice: after a crash it is not known whether a batch was kept.
        for again in [false, true] {
            let mut tx = fixture.store.tenant_tx(&tenant).await.unwrap();
            let inserted = findings::insert(&mut tx, &scan(batch.scan), &new, Utc::now()).await.unwrap();
            tx.commit().await.unwrap();
            for (finding, inserted) in new.iter().zip(inserted) {
                let before = previous.and_then(|scan| model.get(&scan)?.get(&finding.key()).cloned());
                let known = model.entry(batch.scan).or_default().entry(finding.key()).or_default();
                if known.iter().any(|(text, _)| *text == finding.text) {
                    assert!(matches!(inserted, Inserted::Known { .. }));
                    continue;
                }
                assert!(!again);
                let expected = Delta::of(before.and_then(|b| Some(b.get(known.len())?.1)), finding.status);
                let Inserted::New { ordinal, delta, .. } = inserted else { panic!("{inserted:?}") };
                assert_eq!((usize::from(ordinal), delta), (known.len(), expected));
                known.push((finding.text.clone(), finding.status));
            }
        }
    }
    let mut tx = fixture.store.tenant_tx(&tenant).await.unwrap();
    let mut all: HashMap<(Uuid, u16), Vec<(Finding, usize)>> = HashMap::new();
    for (n, id) in ids.iter().enumerate() {
        let page = findings::of_scan(&mut tx, *id, PageRequest::first()).await.unwrap();
        let texts = findings::texts(&mut tx, &page.items).await.unwrap();
        for (finding, text) in page.items.into_iter().zip(texts) {
            assert_eq!(model[&n][&finding.key][usize::from(finding.ordinal)], (text, finding.status));
            all.entry((finding.key, finding.ordinal)).or_default().push((finding, n));
        }
    }
    let modelled: usize = model.values().flat_map(BTreeMap::values).map(Vec::len).sum();
    assert_eq!(all.values().map(Vec::len).sum::<usize>(), modelled);
    for of_place in all.values() {
        let latest = of_place.iter().max_by_key(|(f, _)| (f.last_seen_at, Reverse(f.scan_id))).unwrap();
        let current: Vec<_> = of_place.iter().filter(|(f, _)| f.current).collect();
        assert_eq!(current, [latest]);
        let first = of_place.iter().map(|(f, _)| f.last_seen_at).min().unwrap();
        assert_eq!(latest.0.first_seen_at, first);
    }
}

#[test]
fn scans_in_any_order_come_to_what_the_definition_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fixture = runtime.block_on(Fixture::new());
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let run = runner.run(&history(), |history| {
        runtime.block_on(check(&fixture, &history));
        Ok(())
    });
    run.unwrap();
}
