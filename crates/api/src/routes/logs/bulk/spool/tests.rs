#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::EntryId;
use custody_ledger::Receipt;
use uuid::Uuid;

use super::*;

fn accepted(seq: u64) -> ItemResult {
    let id = EntryId(Uuid::from_u128(u128::from(seq)));
    ItemResult::Accepted(Receipt { id, seq, received_at: id.received_at(), leaf_hash: [7; 32] })
}

fn retry(detail: &str) -> ItemResult {
    ItemResult::Retry { detail: detail.to_owned().into() }
}

async fn read(spool: Spool) -> Vec<u8> {
    let mut reader = spool.into_reader();
    let mut read = Vec::new();
    while let Some(piece) = reader.next().await.unwrap() {
        read.extend_from_slice(&piece);
    }
    read
}

/// Every record comes back, in order, from memory and from the file alike; and the folder stays empty.
#[tokio::test]
async fn what_does_not_fit_memory_goes_into_a_file_that_has_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::new(Spools::new(folder.path().to_owned(), 64 << 20));
    let count = 50_000;
    for seq in 0..count {
        spool.push(&accepted(seq));
        spool.settle().await.unwrap();
        assert!(spool.memory.len() <= MEMORY_BYTES_MAX);
    }
    assert!(spool.file_bytes >= 2 << 20);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(spool.counts, Counts { accepted: count, ..Counts::default() });
    let read = read(spool).await;
    let mut rest = &read[..];
    for expected in 0..count {
        let (record, behind) = Record::read(rest).unwrap();
        assert!(matches!(record, Record::Receipt { new: true, seq, .. } if seq == expected), "{record:?}");
        rest = behind;
    }
    assert!(rest.is_empty());
}

#[tokio::test]
async fn where_there_is_no_room_what_was_pushed_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    for spools in [
        Spools::new(folder.path().join("not there"), 64 << 20),
        // Half of three blocks is one.
        Spools::new(folder.path().to_owned(), 3 << 20),
    ] {
        let mut spool = Spool::new(spools.clone());
        let mut pushed = 0;
        while spool.settle().await.is_ok() {
            for _ in 0..1_000 {
                spool.push(&accepted(pushed));
                pushed += 1;
            }
            assert!(pushed < 100_000);
        }
        let all = spools.blocks.available_permits();
        assert_eq!(read(spool).await.len() as u64, pushed * 57);
        assert!(spools.blocks.available_permits() >= all);
        assert_eq!(spools.blocks.available_permits(), if spools.share == 1 { 3 } else { 64 }, "given back");
    }
}

#[test]
fn what_repeats_itself_costs_a_byte() {
    let mut spool = Spool::new(Spools::new(PathBuf::from("/"), 0));
    spool.push(&retry("full"));
    let one = spool.memory.len();
    spool.push(&retry("full"));
    assert_eq!(spool.memory.len(), one + 1);
    assert_eq!(spool.fruitless(), 2);
    spool.push(&accepted(1));
    assert_eq!(spool.fruitless(), 0);
    spool.push(&retry("full"));
    assert_eq!(spool.memory.len(), 2 * one + 1 + 57, "what is not right before is written out");
    assert_eq!((spool.counts.retry, spool.counts.accepted), (3, 1));
}
