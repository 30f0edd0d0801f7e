#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{io::Write as _, time::Duration};

use axum::body::Body;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(bytes, 3).unwrap()
}

/// The body in pieces of so many bytes.
fn decoded(sent: &[u8], piece: usize, encoding: Encoding, limit: u64) -> Decoded {
    let pieces: Vec<_> =
        sent.chunks(piece.max(1)).map(|p| Ok::<_, io::Error>(Bytes::copy_from_slice(p))).collect();
    let body = Body::from_stream(stream::iter(pieces));
    Decoded::new(Frames::new(body, Duration::from_secs(5)), encoding, limit)
}

async fn read(mut body: Decoded) -> (usize, Result<(), Halt>) {
    let mut bytes = 0;
    loop {
        match body.next().await {
            Ok(Some(piece)) => {
                assert!(piece.len() <= 2 * PIECE_BYTES, "{}", piece.len());
                bytes += piece.len();
            }
            Ok(None) => return (bytes, Ok(())),
            Err(halt) => return (bytes, Err(halt)),
        }
    }
}

#[tokio::test]
async fn what_was_packed_comes_out_in_pieces_however_it_was_sent() {
    let text: Vec<u8> = (0..300_000_u32).flat_map(u32::to_be_bytes).collect();
    for (encoding, packed) in [(Encoding::Gzip, gzip(&text)), (Encoding::Zstd, zstd(&text))] {
        let twice = [packed.clone(), packed].concat();
        for piece in [7, 1_000, 60_000] {
            let mut body = decoded(&twice, piece, encoding, u64::MAX);
            let mut out = Vec::new();
            while let Some(piece) = body.next().await.unwrap() {
                out.extend_from_slice(&piece);
            }
            assert!(out == [&text[..], &text[..]].concat(), "{encoding:?} {piece}");
        }
    }
}

#[tokio::test]
async fn a_bomb_ends_where_it_is_seen_to_be_one() {
    let zeros = vec![b'['; 96 << 20];
    for (encoding, bomb) in [(Encoding::Gzip, gzip(&zeros)), (Encoding::Zstd, zstd(&zeros))] {
        let (expanded, ended) = read(decoded(&bomb, 60_000, encoding, u64::MAX)).await;
        assert!(matches!(ended, Err(Halt::TooDense { .. })), "{ended:?}");
        assert!(expanded <= 48 << 20, "{expanded}");
    }
    let (_, ended) = read(decoded(&gzip(&zeros[..10_000]), 100, Encoding::Gzip, 9_999)).await;
    assert!(matches!(ended, Err(Halt::TooLarge { limit: 9_999 })), "{ended:?}");
}

/// A frame that asks for more than 8 MiB of window (RFC 9659).
#[tokio::test]
async fn a_zstd_window_that_is_too_large_is_refused() {
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&vec![0; 1 << 20]).unwrap();
    let (_, ended) = read(decoded(&encoder.finish().unwrap(), 1_000, Encoding::Zstd, u64::MAX)).await;
    assert!(matches!(ended, Err(Halt::Garbled(_))), "{ended:?}");
}

#[tokio::test]
async fn what_breaks_off_or_is_not_packed_says_so_after_what_was_good() {
    let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    for (encoding, mut packed) in [(Encoding::Gzip, gzip(&text)), (Encoding::Zstd, zstd(&text))] {
        packed.truncate(packed.len() - 4);
        let (expanded, ended) = read(decoded(&packed, 1_000, encoding, u64::MAX)).await;
        assert!(expanded > 0);
        assert!(matches!(ended, Err(Halt::Garbled(_))), "{ended:?}");
        let (_, ended) = read(decoded(b"no such thing", 100, encoding, u64::MAX)).await;
        assert!(matches!(ended, Err(Halt::Garbled(_))), "{ended:?}");
    }
}

/// Time is tokio's own here and runs ahead when all wait.
#[tokio::test(start_paused = true)]
async fn a_pause_comes_through_the_decoder_as_what_it_is() {
    let begun = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"\x1f\x8b"))]);
    let body = Body::from_stream(begun.chain(stream::pending()));
    let frames = Frames::new(body, Duration::from_secs(5));
    let (_, ended) = read(Decoded::new(frames, Encoding::Gzip, u64::MAX)).await;
    assert!(matches!(ended, Err(Halt::TooSlow { received: 2, .. })), "{ended:?}");
}
