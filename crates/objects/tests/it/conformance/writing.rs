//! Writing: at once or not at all, and once where it was asked for.

use std::{io, sync::Arc};

use bytes::Bytes;
use custody_objects::{Objects, ObjectsError, PutOptions, layout};
use futures::{StreamExt as _, future::join_all, stream};
use uuid::Uuid;

use crate::{
    bytes_alive::Alive,
    support::{create_only, pattern, read, tenant, whole},
};

const MIB: usize = 1024 * 1024;

pub(crate) async fn of_sixteen_that_create_one_wins(objects: &Objects) {
    let key = layout::anchor(&tenant(), 3, 77);
    // Half of them say the same: one of these must not take another's success for its own.
    let body = |writer: u8| pattern(writer / 2, 10_000);
    let writers = (0..16_u8).map(|writer| {
        let (objects, key) = (objects.clone(), key.clone());
        tokio::spawn(async move { (writer, objects.put(&key, body(writer), create_only()).await) })
    });
    let mut winners = Vec::new();
    for answer in join_all(writers).await {
        match answer.unwrap() {
            (writer, Ok(stored)) => winners.push((writer, stored)),
            (_, Err(ObjectsError::AlreadyExists)) => {}
            (writer, Err(other)) => panic!("writer {writer}: {other}"),
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    let (winner, stored) = &winners[0];
    assert_eq!(whole(objects, &key).await.unwrap(), body(*winner));
    assert_eq!(objects.head(&key).await.unwrap().etag, stored.etag);
}

pub(crate) async fn a_reader_has_one_version_while_others_are_written(objects: &Objects) {
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "scan.json").unwrap();
    objects.put(&key, pattern(0, MIB), PutOptions::default()).await.unwrap();
    let begun = objects.get(&key, None).await.unwrap();

    let write = async {
        for seed in 1..=8 {
            objects.put(&key, pattern(seed, MIB), PutOptions::default()).await.unwrap();
        }
    };
    let reading = async {
        for _ in 0..16 {
            let bytes = whole(objects, &key).await.unwrap();
            assert!((0..=8).any(|seed| bytes == pattern(seed, MIB)), "a mixture was read");
        }
    };
    tokio::join!(write, reading);
    assert_eq!(read(begun).await.unwrap(), pattern(0, MIB));
    assert_eq!(whole(objects, &key).await.unwrap(), pattern(8, MIB));
}

/// 80 MiB, because S3 has four parts of 8 MiB on their way at a time.
pub(crate) async fn a_stream_is_written_in_constant_memory(objects: &Objects) {
    const PIECES: usize = 320;
    const PIECE: usize = 256 * 1024;
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "archive.parquet").unwrap();
    let alive = Arc::new(Alive::default());
    let stored = objects.put_stream(&key, alive.stream(PIECES, PIECE), PutOptions::default()).await.unwrap();
    assert_eq!(stored.bytes, (PIECES * PIECE) as u64);
    assert!(alive.most() <= 44 * MIB, "{} bytes were held at once", alive.most());

    let download = objects.get(&key, None).await.unwrap();
    assert_eq!((download.bytes, download.etag.as_str()), (stored.bytes, stored.etag.as_str()));
    let mut at = 0;
    let mut stream = download.stream;
    while let Some(bytes) = stream.next().await {
        for byte in bytes.unwrap() {
            let expected = if at % PIECE == 0 { u8::try_from(at / PIECE % 256).unwrap() } else { 7 };
            assert_eq!(byte, expected, "at {at}");
            at += 1;
        }
    }
    assert_eq!(at, PIECES * PIECE);
}

pub(crate) async fn a_stream_that_breaks_leaves_nothing(objects: &Objects) {
    let scope = tenant();
    let key = layout::job_file(&scope, Uuid::new_v4(), "export.csv").unwrap();
    // Before the first part of a multipart upload is full, and after.
    for size in [1_000, 12 * MIB] {
        let broken = stream::iter([Ok(pattern(1, size)), Err(io::Error::other("the source broke"))]);
        let answer = objects.put_stream(&key, broken, PutOptions::default()).await;
        assert!(matches!(answer, Err(ObjectsError::Source(_))), "{answer:?}");
        assert!(matches!(objects.head(&key).await, Err(ObjectsError::NotFound)));
    }
    assert_eq!(objects.list(&layout::tenant(&scope), None, 10).await.unwrap().objects, []);
    assert_eq!(objects.sweep_unfinished().await.unwrap(), 0);

    // What was there stays.
    objects.put(&key, Bytes::from_static(b"before"), PutOptions::default()).await.unwrap();
    let broken = stream::iter([Ok(pattern(1, 1_000)), Err(io::Error::other("the source broke"))]);
    objects.put_stream(&key, broken, PutOptions::default()).await.unwrap_err();
    assert_eq!(whole(objects, &key).await.unwrap(), "before");
}

pub(crate) async fn a_stream_that_creates_does_not_replace(objects: &Objects) {
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "backup.zst").unwrap();
    for size in [100, 9 * MIB] {
        let body = |seed| stream::iter([Ok::<_, io::Error>(pattern(seed, size))]);
        objects.put_stream(&key, body(1), create_only()).await.unwrap();
        let answer = objects.put_stream(&key, body(2), create_only()).await;
        assert!(matches!(answer, Err(ObjectsError::AlreadyExists)), "{answer:?}");
        assert_eq!(whole(objects, &key).await.unwrap(), pattern(1, size));
        objects.delete(&key).await.unwrap();
    }
}

pub(crate) async fn what_is_deleted_is_gone(objects: &Objects) {
    let scope = tenant();
    let key = layout::job_file(&scope, Uuid::new_v4(), "old.txt").unwrap();
    objects.put(&key, Bytes::from_static(b"x"), PutOptions::default()).await.unwrap();
    objects.delete(&key).await.unwrap();
    assert!(matches!(objects.get(&key, None).await, Err(ObjectsError::NotFound)));
    assert!(matches!(objects.delete(&key).await, Err(ObjectsError::NotFound)));
    let held = objects.hold(&key, chrono::Utc::now() + chrono::TimeDelta::days(1)).await;
    assert!(matches!(held, Err(ObjectsError::NotFound)), "{held:?}");
    assert_eq!(objects.list(&layout::tenant(&scope), None, 10).await.unwrap().objects, []);
    // And may be created again.
    objects.put(&key, Bytes::from_static(b"y"), create_only()).await.unwrap();
}

pub(crate) async fn a_check_leaves_nothing(objects: &Objects) {
    objects.check().await.unwrap();
    assert_eq!(objects.sweep_unfinished().await.unwrap(), 0);
}
