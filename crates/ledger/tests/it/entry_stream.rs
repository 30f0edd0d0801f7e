//! A stretch of the log as a stream, while the database comes and goes.

use std::time::Duration;

use custody_proof::stream::{Frame, read_frame, read_opening};
use tokio::{sync::mpsc, time::timeout};

use crate::fixture::{Fixture, draft};

/// Entries that fill a page of two megabytes by themselves, nearly.
const ENTRIES: u64 = 12;

/// Half a megabyte that does not compress.
fn large(n: u64) -> String {
    let mut state = n;
    let digits = std::iter::repeat_with(|| {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{:016x}", z ^ (z >> 31))
    });
    let filling: String = digits.take(100_000).collect();
    format!(r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"filling":"{filling}"}}}}"#)
}

/// What a reader has of a stream after its last piece.
fn seqs(bytes: &[u8]) -> (Vec<u64>, Option<u64>) {
    let (_, mut at) = read_opening(bytes).unwrap().unwrap();
    let mut seqs = Vec::new();
    while let Some((frame, length)) = read_frame(&bytes[at..]).unwrap() {
        at += length;
        match frame {
            Frame::Entry(entry) => seqs.push(entry.seq),
            Frame::Unreadable(entry) => panic!("{entry:?}"),
            Frame::End { next } => return (seqs, Some(next)),
        }
    }
    (seqs, None)
}

#[tokio::test]
async fn a_stream_that_has_begun_waits_for_a_database_that_is_away() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    for n in 0..ENTRIES {
        fixture.ledger.append(&scope, vec![draft(&large(n))]).await.unwrap();
    }
    let (ledger, mut wire) = fixture.ledger_on_a_wire().await;
    let mut stream = ledger.entry_stream(&scope, 0, None).await.unwrap();
    let (sender, mut pieces) = mpsc::channel(1);
    let reader = tokio::spawn(async move {
        while let Some(piece) = stream.next().await {
            sender.send(piece).await.unwrap();
        }
    });
    let mut bytes = pieces.recv().await.unwrap().unwrap().to_vec();
    wire.cut().await;
    // What was fetched ahead comes still, and then nothing: no error, and no end.
    while let Ok(piece) = timeout(Duration::from_secs(1), pieces.recv()).await {
        bytes.extend_from_slice(&piece.expect("it has not ended").expect("it is not cut off"));
    }
    assert!(seqs(&bytes).0.len() < 12, "all of it was there before the wire was cut");
    wire.mend().await;
    while let Some(piece) = pieces.recv().await {
        bytes.extend_from_slice(&piece.expect("it goes on"));
    }
    reader.await.unwrap();
    assert_eq!(seqs(&bytes), ((0..ENTRIES).collect(), Some(ENTRIES)));
}
