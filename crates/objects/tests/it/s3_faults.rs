//! S3 answers with errors, slowly, never, or does what it was asked and the answer is lost.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

use bytes::Bytes;
use custody_objects::{Key, Objects, ObjectsError, PutOptions, Range, S3Options, layout};
use custody_testkit::{Fault, HttpFaults};
use futures::stream;
use uuid::Uuid;

use crate::{
    bucket::Bucket,
    support::{create_only, pattern, tenant, whole},
};

/// Where nothing comes of it, however long it is waited for.
const IMPATIENT: Duration = Duration::from_millis(200);
/// Where an attempt has to come to something, on a machine that is busy.
const PATIENT: Duration = Duration::from_millis(1_500);
/// All attempts together, in attempts.
const TOTAL: u32 = 5;
const ALL: usize = usize::MAX;
const BIG: usize = 12 * 1024 * 1024;

struct Wire {
    faults: HttpFaults,
    /// Through the wire.
    objects: Objects,
    /// Beside it.
    direct: Objects,
    key: Key,
}

impl Wire {
    async fn start(attempt: Duration) -> Self {
        let bucket = Bucket::make(false).await;
        let faults = HttpFaults::start(&bucket.endpoint).await;
        let objects = bucket.open(S3Options {
            endpoint: Some(faults.url().to_owned()),
            attempt_timeout: attempt,
            part_timeout: 2 * attempt,
            total_timeout: TOTAL * attempt,
            ..bucket.options()
        });
        let key = layout::job_file(&tenant(), Uuid::new_v4(), "x").unwrap();
        Self { faults, objects, direct: bucket.objects(), key }
    }

    fn set(&self, fault: Fault) {
        self.faults.set(fault, ALL);
    }

    async fn stream(&self, options: PutOptions) -> Result<custody_objects::Stored, ObjectsError> {
        let body = stream::iter([Ok::<_, std::io::Error>(pattern(1, BIG))]);
        self.objects.put_stream(&self.key, body, options).await
    }

    /// Nothing can be had of it, in a bounded time, and nothing has come of what was tried.
    async fn is_unavailable(&self) {
        let Self { objects, key, .. } = self;
        let scope = tenant();
        let small = || Bytes::from_static(b"small");
        let all = layout::tenant(&scope);
        tokio::join!(
            unavailable("put", objects.put(key, small(), PutOptions::default())),
            unavailable("create", objects.put(key, small(), create_only())),
            unavailable("put 5 MB", objects.put(key, pattern(1, 5_000_000), PutOptions::default())),
            unavailable("stream", self.stream(PutOptions::default())),
            unavailable("head", objects.head(key)),
            unavailable("get", objects.get(key, None)),
            unavailable("range", objects.get(key, Some(Range::Last(5)))),
            unavailable("list", objects.list(&all, None, 10)),
            unavailable("delete", objects.delete(key)),
            unavailable("check", objects.check()),
            unavailable("sweep", objects.sweep_unfinished()),
        );
        self.set(Fault::None);
        let nothing = self.direct.head(key).await;
        assert!(matches!(nothing, Err(ObjectsError::NotFound)), "{nothing:?}");
    }
}

async fn unavailable<T: Debug>(what: &str, operation: impl Future<Output = Result<T, ObjectsError>>) {
    let begun = Instant::now();
    let answer = operation.await;
    assert!(matches!(answer, Err(ObjectsError::Unavailable { .. })), "{what}: {answer:?}");
    // Twice the bound, because a create then asks whether it was done, and what a busy machine takes.
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(8), "{what} took {took:?}");
}

#[tokio::test]
async fn answers_500() {
    let wire = Wire::start(IMPATIENT).await;
    wire.set(Fault::Status(500));
    wire.is_unavailable().await;
}

#[tokio::test]
async fn answers_503() {
    let wire = Wire::start(IMPATIENT).await;
    wire.set(Fault::Status(503));
    wire.is_unavailable().await;
    let before = wire.faults.count();
    wire.set(Fault::Status(503));
    wire.objects.head(&wire.key).await.unwrap_err();
    let attempts = wire.faults.count() - before;
    assert!((2..=5).contains(&attempts), "{attempts} attempts");
}

#[tokio::test]
async fn never_answers() {
    let wire = Wire::start(IMPATIENT).await;
    wire.set(Fault::Never);
    wire.is_unavailable().await;
}

#[tokio::test]
async fn answers_too_slowly() {
    let wire = Wire::start(IMPATIENT).await;
    // For long enough that who gave up is gone by then, on a busy machine too: what comes late would be done.
    wire.set(Fault::Slow(100 * IMPATIENT));
    wire.is_unavailable().await;
}

#[tokio::test]
async fn answers_slowly_enough() {
    let wire = Wire::start(PATIENT).await;
    wire.set(Fault::Slow(PATIENT / 8));
    wire.stream(create_only()).await.unwrap();
    assert_eq!(whole(&wire.objects, &wire.key).await.unwrap(), pattern(1, BIG));
    wire.objects.delete(&wire.key).await.unwrap();
}

#[tokio::test]
async fn an_error_that_passes_is_not_noticed() {
    let wire = Wire::start(PATIENT).await;
    let Wire { faults, objects, key, .. } = &wire;
    for fault in [Fault::Status(500), Fault::Status(503), Fault::DropAnswer, Fault::Never] {
        faults.set(fault, 1);
        objects.put(key, Bytes::from_static(b"first"), PutOptions::default()).await.unwrap();
        faults.set(fault, 1);
        wire.stream(PutOptions::default()).await.unwrap();
        faults.set(fault, 1);
        assert_eq!(whole(objects, key).await.unwrap(), pattern(1, BIG), "{fault:?}");
        faults.set(fault, 1);
        assert_eq!(objects.head(key).await.unwrap().bytes, BIG as u64, "{fault:?}");
    }
}

/// The library that speaks to S3 sends the request again, and is told that the object exists.
#[tokio::test]
async fn a_create_whose_answer_is_lost_knows_its_own() {
    let wire = Wire::start(PATIENT).await;
    let Wire { faults, objects, direct, key, .. } = &wire;
    let is_write = |seen: &custody_testkit::http_faults::Seen| {
        seen.method == http::Method::PUT
            || (seen.method == http::Method::POST && !seen.path.contains("uploads"))
    };
    for size in [10, 2_000_000] {
        faults.set_where(Fault::DropAnswer, 1, is_write);
        let stored = objects.put(key, pattern(1, size), create_only()).await.unwrap();
        assert_eq!(direct.head(key).await.unwrap().etag, stored.etag);

        // The same bytes of another writer are another's.
        faults.set_where(Fault::DropAnswer, 1, is_write);
        let again = objects.put(key, pattern(1, size), create_only()).await;
        assert!(matches!(again, Err(ObjectsError::AlreadyExists)), "{again:?}");
        direct.delete(key).await.unwrap();
    }
    for options in [create_only(), PutOptions::default()] {
        faults.set_where(Fault::DropAnswer, 1, |seen| {
            seen.method == http::Method::POST && seen.path.contains("uploadId")
        });
        let stored = wire.stream(options).await.unwrap();
        assert_eq!(direct.head(key).await.unwrap().etag, stored.etag);
        let again = wire.stream(create_only()).await;
        assert!(matches!(again, Err(ObjectsError::AlreadyExists)), "{again:?}");
        direct.delete(key).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_denied_at_once() {
    let wire = Wire::start(PATIENT).await;
    wire.set(Fault::Status(403));
    let denied = wire.objects.put(&wire.key, Bytes::new(), create_only()).await;
    assert!(matches!(denied, Err(ObjectsError::Denied { .. })), "{denied:?}");
    assert_eq!(wire.faults.count(), 1, "it was tried again");
    let denied = wire.stream(PutOptions::default()).await;
    assert!(matches!(denied, Err(ObjectsError::Denied { .. })), "{denied:?}");
}

#[tokio::test]
async fn a_stream_that_fails_in_the_middle_is_aborted() {
    let wire = Wire::start(PATIENT).await;
    wire.faults.set_where(Fault::Status(500), ALL, |seen| seen.path.contains("partNumber=2"));
    unavailable("stream", wire.stream(PutOptions::default())).await;
    let aborted = wire.faults.seen().iter().filter(|seen| seen.method == http::Method::DELETE).count();
    assert_eq!(aborted, 1);
    assert_eq!(wire.direct.sweep_unfinished().await.unwrap(), 0, "the server has no upload left");
}
