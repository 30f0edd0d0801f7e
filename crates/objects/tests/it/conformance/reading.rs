//! Reading: whole, in part, and what is not there.

use bytes::Bytes;
use custody_objects::{Objects, ObjectsError, PutOptions, Range, layout};
use uuid::Uuid;

use crate::support::{pattern, read, tenant, whole};

const HELLO_SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

pub(crate) async fn what_was_put_is_read(objects: &Objects) {
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "report.csv").unwrap();
    let options =
        PutOptions { content_type: Some("text/csv; charset=utf-8".into()), ..PutOptions::default() };
    let stored = objects.put(&key, Bytes::from_static(b"hello"), options).await.unwrap();
    assert_eq!((stored.bytes, stored.locked), (5, false));
    assert_eq!(hex::encode(stored.sha256), HELLO_SHA256);

    let download = objects.get(&key, None).await.unwrap();
    assert_eq!((download.bytes, download.range.clone()), (5, 0..5));
    assert_eq!(download.content_type, "text/csv; charset=utf-8");
    assert_eq!(download.etag, stored.etag);
    assert!(download.sha256.is_none_or(|sha256| sha256 == stored.sha256));
    let age = chrono::Utc::now() - download.modified;
    assert!(age.abs() < chrono::TimeDelta::minutes(1), "written {age} ago");
    assert_eq!(read(download).await.unwrap(), "hello");

    let head = objects.head(&key).await.unwrap();
    assert_eq!((head.bytes, head.etag.as_str()), (5, stored.etag.as_str()));
    assert_eq!(head.content_type, "text/csv; charset=utf-8");

    // Without a type given, it is the one of the name.
    let again = objects.put(&key, Bytes::from_static(b"other"), PutOptions::default()).await.unwrap();
    assert_ne!(again.etag, stored.etag);
    assert_eq!(objects.head(&key).await.unwrap().content_type, "text/csv; charset=utf-8");
    assert_eq!(whole(objects, &key).await.unwrap(), "other");
}

pub(crate) async fn an_empty_object_is_one(objects: &Objects) {
    let scope = tenant();
    let key = layout::job_file(&scope, Uuid::new_v4(), "empty").unwrap();
    let stored = objects.put(&key, Bytes::new(), PutOptions::default()).await.unwrap();
    assert_eq!(stored.bytes, 0);
    assert_eq!(whole(objects, &key).await.unwrap(), "");
    let range = objects.get(&key, Some(Range::Last(1))).await;
    assert!(matches!(range, Err(ObjectsError::BeyondTheEnd { bytes: 0 })), "{range:?}");

    let key = layout::job_file(&scope, Uuid::new_v4(), "empty.stream").unwrap();
    let nothing = futures::stream::empty::<Result<Bytes, std::io::Error>>();
    let streamed = objects.put_stream(&key, nothing, PutOptions::default()).await.unwrap();
    assert_eq!((streamed.bytes, streamed.sha256), (0, stored.sha256));
    assert_eq!(objects.head(&key).await.unwrap().bytes, 0);
}

pub(crate) async fn ranges(objects: &Objects) {
    const SIZE: usize = 1_000_000;
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "export.ndjson").unwrap();
    let bytes = pattern(1, SIZE);
    objects.put(&key, bytes.clone(), PutOptions::default()).await.unwrap();

    let size = SIZE as u64;
    for (range, expected) in [
        (Range::Between { from: 0, until: 1 }, 0..1),
        (Range::Between { from: 400_000, until: 800_001 }, 400_000..800_001),
        (Range::Between { from: size - 1, until: size }, SIZE - 1..SIZE),
        (Range::Between { from: 10, until: u64::MAX }, 10..SIZE),
        (Range::From(999_990), 999_990..SIZE),
        (Range::Last(3), SIZE - 3..SIZE),
        (Range::Last(2 * size), 0..SIZE),
    ] {
        let download = objects.get(&key, Some(range)).await.unwrap();
        assert_eq!(download.bytes, size, "{range:?}");
        assert_eq!(download.range, expected.start as u64..expected.end as u64, "{range:?}");
        assert_eq!(read(download).await.unwrap(), bytes.slice(expected), "{range:?}");
    }
    for beyond in [
        Range::Between { from: size, until: size + 1 },
        Range::Between { from: 5, until: 5 },
        Range::From(size),
        Range::Last(0),
    ] {
        let answer = objects.get(&key, Some(beyond)).await;
        assert!(
            matches!(answer, Err(ObjectsError::BeyondTheEnd { bytes: 1_000_000 })),
            "{beyond:?}: {answer:?}"
        );
    }
}

pub(crate) async fn what_is_not_there_is_not_found(objects: &Objects) {
    let key = layout::anchor(&tenant(), 0, 12);
    for range in [None, Some(Range::From(0)), Some(Range::Last(5))] {
        let answer = objects.get(&key, range).await;
        assert!(matches!(answer, Err(ObjectsError::NotFound)), "{answer:?}");
    }
    assert!(matches!(objects.head(&key).await, Err(ObjectsError::NotFound)));
    assert!(matches!(objects.delete(&key).await, Err(ObjectsError::NotFound)));
}
