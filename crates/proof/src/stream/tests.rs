#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::net::IpAddr;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn opening() -> Opening {
    Opening {
        tenant: TenantId(Uuid::from_u128(1)),
        epoch: 2,
        size: 3,
        last_id: Some(EntryId(Uuid::from_u128(4))),
        from: 5,
        to: 6,
    }
}

fn columns() -> StoredColumns<'static> {
    StoredColumns {
        occurred_at: Some(-1),
        severity: Some(3),
        outcome: Some(0),
        ip: Some((IpAddr::from([192, 0, 2, 1]), 32)),
        action: Some(b"a.b"),
        actor_id: Some(b""),
        actor_type: None,
        resource_type: Some(b"bucket"),
        resource_id: None,
        request_id: Some(b"r"),
        session_id: Some(b"s"),
        producer_id: Some(b"shop"),
        producer_seq: Some(7),
    }
}

fn entry(columns: StoredColumns<'static>) -> StoredEntry<'static> {
    StoredEntry { seq: 9, id: EntryId(Uuid::from_u128(8)), leaf_hash: [7; 32], columns, body: b"\x01body" }
}

fn stream() -> Vec<u8> {
    let mut out = Vec::new();
    write_opening(&opening(), &mut out);
    for columns in [columns(), StoredColumns::default()] {
        let entry = entry(columns);
        let frame = EntryFrame::begin((entry.seq, entry.id, &entry.leaf_hash), &entry.columns, &mut out);
        out.extend_from_slice(entry.body);
        frame.end(&mut out);
    }
    write_unreadable(&unreadable(), &mut out);
    write_end(11, &mut out);
    out
}

fn unreadable() -> UnreadableEntry<'static> {
    let id = EntryId(Uuid::from_u128(10));
    UnreadableEntry { seq: 10, id, leaf_hash: [1; 32], is_newer: true, detail: "damaged" }
}

#[test]
fn what_was_written_is_read() {
    let bytes = stream();
    let (read, mut at) = read_opening(&bytes).unwrap().unwrap();
    assert_eq!(read, opening());
    let mut frames = Vec::new();
    while let Some((frame, length)) = read_frame(&bytes[at..]).unwrap() {
        frames.push(frame);
        at += length;
    }
    assert_eq!(at, bytes.len());
    let expected = [
        Frame::Entry(entry(columns())),
        Frame::Entry(entry(StoredColumns::default())),
        Frame::Unreadable(unreadable()),
        Frame::End { next: 11 },
    ];
    assert_eq!(frames, expected);
}

#[test]
fn a_beginning_is_no_error_and_no_frame() {
    let bytes = stream();
    for length in 0..OPENING_LENGTH {
        assert_eq!(read_opening(&bytes[..length]), Ok(None), "{length}");
    }
    let frame = &bytes[OPENING_LENGTH..];
    let (_, whole) = read_frame(frame).unwrap().unwrap();
    for length in 0..whole {
        assert_eq!(read_frame(&frame[..length]), Ok(None), "{length}");
    }
}

#[test]
fn what_is_no_stream_is_told_at_once() {
    assert_eq!(read_opening(b"{\"ti"), Err(StreamError::NoStream));
    assert_eq!(read_opening(b"CUSTODY\x02"), Err(StreamError::NoStream));
    assert_eq!(read_frame(&[0xff; 8]), Err(StreamError::TooLong(u32::MAX as usize)));
    assert_eq!(read_frame(&[0, 0, 0, 1, 9]), Err(StreamError::Malformed));
}

#[test]
fn a_frame_that_is_abandoned_leaves_nothing() {
    let mut out = b"before".to_vec();
    let frame = EntryFrame::begin((1, EntryId(Uuid::nil()), &[0; 32]), &columns(), &mut out);
    out.extend_from_slice(b"half a body");
    frame.abandon(&mut out);
    assert_eq!(out, b"before");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, length in 0_u8..100) {
        let _ = read_opening(&bytes);
        let _ = read_frame(&bytes);
        let framed = [&[0, 0, 0, length][..], &bytes].concat();
        let _ = read_frame(&framed);
        let entry = [&[0, 0, 0, length, 1][..], &[0; 56], &bytes].concat();
        let _ = read_frame(&entry);
    }
}
