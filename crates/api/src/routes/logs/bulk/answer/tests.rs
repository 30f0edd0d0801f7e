#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::{EntryId, QuarantineId};
use custody_ingest::{ItemError, Quarantined, Reason};
use custody_ledger::Receipt;
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    super::{BulkAnswer, spool::Spools},
    *,
};

fn receipt(n: u64) -> Receipt {
    let id: EntryId = "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f".parse().unwrap();
    let id = EntryId(Uuid::from_u128(id.0.as_u128() + (u128::from(n / 3) << 80)));
    let mut leaf_hash = [0xab; 32];
    leaf_hash[..8].copy_from_slice(&n.to_be_bytes());
    Receipt { id, seq: n, received_at: id.received_at(), leaf_hash }
}

fn result(kind: u8, n: u64) -> ItemResult {
    match kind {
        0 => ItemResult::Accepted(receipt(n)),
        1 => ItemResult::Duplicate(receipt(n)),
        2 => ItemResult::Quarantined(Quarantined {
            id: QuarantineId(Uuid::from_u128(u128::from(n))),
            reason: Reason::Schema,
            errors: vec![ItemError { pointer: "/actor/\"".to_owned(), detail: format!("is\n{n}") }],
        }),
        _ => ItemResult::Retry { detail: if kind == 3 { "full".into() } else { format!("{n}").into() } },
    }
}

fn derived(results: &[ItemResult]) -> String {
    let mut answer = BulkAnswer::default();
    for result in results {
        let (count, item) = match result {
            ItemResult::Accepted(r) => (&mut answer.accepted, BulkItem::Accepted(r.into())),
            ItemResult::Duplicate(r) => (&mut answer.duplicate, BulkItem::Duplicate(r.into())),
            ItemResult::Quarantined(q) => (
                &mut answer.quarantined,
                BulkItem::Quarantined {
                    quarantine_id: q.id,
                    reason: q.reason.as_str().to_owned(),
                    errors: q.errors.iter().map(|e| Fault::at(e.pointer.clone(), e.detail.clone())).collect(),
                },
            ),
            ItemResult::Retry { detail } => {
                (&mut answer.retry, BulkItem::Retry { detail: detail.to_string() })
            }
        };
        *count += 1;
        answer.items.push(item);
    }
    serde_json::to_string(&answer).unwrap()
}

async fn answered(results: &[ItemResult]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::new(Spools::new(folder.path().to_owned(), 64 << 20));
    for result in results {
        spool.push(result);
        spool.settle().await.unwrap();
    }
    let body = response(spool).into_body();
    let whole = http_body::Body::size_hint(&body).exact().is_some();
    let bytes = body.collect().await.unwrap().to_bytes();
    (whole, String::from_utf8(bytes.to_vec()).unwrap())
}

/// The documented shape is that of the types; what is sent is written by hand.
#[tokio::test]
async fn what_is_written_is_what_the_types_say() {
    let kinds = [0, 1, 2, 3, 3, 4, 0, 3, 3, 3];
    let results: Vec<_> = kinds.into_iter().zip(0..).map(|(kind, n)| result(kind, n)).collect();
    assert_eq!(answered(&results).await, (true, derived(&results)));
    assert_eq!(answered(&[]).await, (true, derived(&[])));
}

#[tokio::test]
async fn a_long_answer_is_the_same_in_pieces() {
    let results: Vec<_> = (0..30_000).map(|n| result(u8::try_from(n % 7).unwrap(), n)).collect();
    let (whole, text) = answered(&results).await;
    assert!(!whole);
    assert_eq!(text, derived(&results));
}

proptest! {
    #[test]
    fn records_cut_anywhere_are_read_as_if_they_were_not(kinds in proptest::collection::vec(0_u8..5, 0..20), cuts in proptest::collection::vec(1_usize..80, 1..40), enough in 1_usize..400) {
        let results: Vec<_> = kinds.into_iter().zip(0..).map(|(kind, n)| result(kind, n)).collect();
        let mut spool = Spool::new(Spools::new(std::env::temp_dir(), 0));
        for result in &results {
            spool.push(result);
        }
        let mut rendering = Rendering::begin(spool.counts);
        let mut records = spool.into_reader().take_small(usize::MAX).unwrap_or_default();
        let mut out = Vec::new();
        for cut in cuts.iter().cycle() {
            if records.is_empty() {
                break;
            }
            rendering.add(records.split_to((*cut).min(records.len())));
            while rendering.render(enough) {
                out.append(&mut rendering.out);
            }
        }
        rendering.close();
        out.append(&mut rendering.out);
        prop_assert_eq!(String::from_utf8(out).unwrap(), derived(&results));
    }
}
