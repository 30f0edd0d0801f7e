//! What is S3's own.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use custody_objects::{Encryption, LockMode, Objects, ObjectsError, PutOptions, S3Options, layout};
use custody_testkit::HttpFaults;
use uuid::Uuid;

use crate::{
    bucket::Bucket,
    conformance::conformance,
    support::{pattern, tenant, whole},
};

conformance!(store);

async fn store() -> (Bucket, Objects) {
    let bucket = Bucket::make(false).await;
    let objects = bucket.objects();
    (bucket, objects)
}

fn header<'a>(headers: &'a reqwest::header::HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_signed_address_reads_until_it_expires_and_nothing_else() {
    let (_bucket, objects) = store().await;
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "report.csv").unwrap();
    objects.put(&key, Bytes::from_static(b"a,b"), PutOptions::default()).await.unwrap();
    let url = objects.signed_url(&key, Duration::from_mins(1), "märz \"1\".csv").await.unwrap().unwrap();
    assert!(url.path().ends_with(key.as_str()) && url.as_str().contains("X-Amz-Expires=60"), "{url}");
    assert!(!url.as_str().contains("secret-of-the-test"));
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let disposition = answer.headers()["content-disposition"].to_str().unwrap();
    assert_eq!(
        disposition,
        "attachment; filename=\"m_rz _1_.csv\"; filename*=UTF-8''m%C3%A4rz%20%221%22.csv"
    );
    assert_eq!(answer.text().await.unwrap(), "a,b");
    for wrong in [0, 7 * 24 * 3600 + 1] {
        let answer = objects.signed_url(&key, Duration::from_secs(wrong), "x").await;
        assert!(matches!(answer, Err(ObjectsError::Refused { .. })), "{answer:?}");
    }
}

#[tokio::test]
async fn objects_are_encrypted_as_the_settings_say() {
    let bucket = Bucket::make(false).await;
    let kms = Encryption::Kms { key_id: "alias/custody".into(), bucket_key: true };
    for (encryption, algorithm, key_id) in
        [(Encryption::Aes256, "AES256", None), (kms, "aws:kms", Some("alias/custody"))]
    {
        let objects = bucket.open(S3Options { encryption, ..bucket.options() });
        for size in [10, 9 * 1024 * 1024] {
            let key = layout::job_file(&tenant(), Uuid::new_v4(), "x").unwrap();
            objects.put(&key, pattern(1, size), PutOptions::default()).await.unwrap();
            let headers = bucket.headers(&format!("/some/prefix/{key}")).await;
            assert_eq!(
                header(&headers, "x-amz-server-side-encryption"),
                Some(algorithm),
                "{size}: {headers:?}"
            );
            let key_said = header(&headers, "x-amz-server-side-encryption-aws-kms-key-id");
            assert_eq!(key_said, key_id, "{size}");
            assert_eq!(whole(&objects, &key).await.unwrap().len(), size);
        }
    }
}

#[tokio::test]
async fn an_object_is_held_from_its_first_moment() {
    let bucket = Bucket::make(true).await;
    let wire = HttpFaults::start(&bucket.endpoint).await;
    let until = Utc::now() + TimeDelta::days(30);
    for (mode, name) in [(LockMode::Governance, "GOVERNANCE"), (LockMode::Compliance, "COMPLIANCE")] {
        let endpoint = Some(wire.url().to_owned());
        let objects = bucket.open(S3Options { lock_mode: mode, endpoint, ..bucket.options() });
        for (number, size) in [10, 9 * 1024 * 1024].into_iter().enumerate() {
            let key = layout::anchor(&tenant(), 1, number as u64);
            let options =
                PutOptions { create_only: true, locked_until: Some(until), ..PutOptions::default() };
            let stored = objects.put(&key, pattern(1, size), options.clone()).await.unwrap();
            assert!(stored.locked);
            // The write itself said it; only of an upload in parts this server does not heed it.
            let afterwards = wire.seen().iter().any(|seen| seen.path.contains(&format!("{key}?retention")));
            assert_eq!(afterwards, number == 1, "{:?}", wire.seen());
            let headers = bucket.headers(&format!("/some/prefix/{key}")).await;
            assert_eq!(header(&headers, "x-amz-object-lock-mode"), Some(name), "{size}");
            let held = header(&headers, "x-amz-object-lock-retain-until-date").unwrap();
            let held: DateTime<Utc> = held.parse().unwrap();
            assert!((held - until).abs() < TimeDelta::seconds(2), "{held}");

            assert!(matches!(objects.delete(&key).await, Err(ObjectsError::Locked)));
            let again = objects.put(&key, pattern(2, size), options).await;
            assert!(matches!(again, Err(ObjectsError::AlreadyExists)), "{again:?}");
            assert_eq!(whole(&objects, &key).await.unwrap(), pattern(1, size));
        }
        // What is not asked to be held is not.
        let key = layout::job_file(&tenant(), Uuid::new_v4(), "x").unwrap();
        let past =
            PutOptions { locked_until: Some(Utc::now() - TimeDelta::days(1)), ..PutOptions::default() };
        for options in [PutOptions::default(), past] {
            assert!(!objects.put(&key, Bytes::new(), options).await.unwrap().locked);
        }
        objects.delete(&key).await.unwrap();
    }
}

#[tokio::test]
async fn an_object_that_is_there_is_held_and_never_for_less_long() {
    let bucket = Bucket::make(true).await;
    let (objects, key) = (bucket.objects(), layout::anchor(&tenant(), 0, 1));
    let in_days = |days| Utc::now() + TimeDelta::days(days);
    assert!(matches!(objects.hold(&key, in_days(1)).await, Err(ObjectsError::NotFound)));
    objects.put(&key, Bytes::from_static(b"x"), PutOptions::default()).await.unwrap();
    for (asked, held) in [(7, 7), (3, 7), (9, 9)] {
        assert!(objects.hold(&key, in_days(asked)).await.unwrap());
        let headers = bucket.headers(&format!("/some/prefix/{key}")).await;
        let until = header(&headers, "x-amz-object-lock-retain-until-date").unwrap();
        let until: DateTime<Utc> = until.parse().unwrap();
        assert!((until - in_days(held)).abs() < TimeDelta::minutes(1), "{asked}: {until}");
    }
    assert!(matches!(objects.delete(&key).await, Err(ObjectsError::Locked)));
}

#[tokio::test]
async fn a_bucket_without_object_lock_says_so_and_keeps_the_object() {
    let (_bucket, objects) = store().await;
    let key = layout::anchor(&tenant(), 0, 1);
    let until = Utc::now() + TimeDelta::days(30);
    let options = PutOptions { locked_until: Some(until), ..PutOptions::default() };
    assert!(!objects.put(&key, Bytes::from_static(b"x"), options).await.unwrap().locked);
    assert!(!objects.hold(&key, until).await.unwrap());
    assert_eq!(whole(&objects, &key).await.unwrap(), "x");
    objects.delete(&key).await.unwrap();
}

#[tokio::test]
async fn a_changed_object_is_corrupt() {
    let (bucket, objects) = store().await;
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "x").unwrap();
    let stored =
        objects.put(&key, Bytes::from_static(b"as it was written"), PutOptions::default()).await.unwrap();
    assert_eq!(objects.head(&key).await.unwrap().sha256, Some(stored.sha256));
    bucket.put_as(&format!("/some/prefix/{key}"), "as it is answered", &stored).await;
    let answer = whole(&objects, &key).await;
    assert!(matches!(answer, Err(ObjectsError::Corrupt { .. })), "{answer:?}");
}

/// The server says of every upload that it is from 2010.
#[tokio::test]
async fn uploads_that_nobody_finished_are_swept() {
    let (bucket, objects) = store().await;
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "x").unwrap();
    bucket.post(&format!("/some/prefix/{key}?uploads")).await;
    bucket.post("/elsewhere/x?uploads").await;
    assert_eq!(objects.sweep_unfinished().await.unwrap(), 1);
    let left = bucket.get("?uploads").await;
    assert!(left.contains("elsewhere") && !left.contains("some/prefix"), "{left}");
}

#[tokio::test]
async fn strangers_objects_are_not_listed() {
    let (bucket, objects) = store().await;
    let scope = tenant();
    let key = layout::job_file(&scope, Uuid::new_v4(), "x").unwrap();
    objects.put(&key, Bytes::new(), PutOptions::default()).await.unwrap();
    bucket.put(&format!("/some/prefix/tenants/{}/a", scope.tenant()), "x").await;
    bucket.put(&format!("/tenants/{}/jobs/{}/x", scope.tenant(), Uuid::new_v4()), "x").await;
    let page = objects.list(&layout::tenant(&scope), None, 1).await.unwrap();
    assert_eq!(page.objects.iter().map(|listed| &listed.key).collect::<Vec<_>>(), [&key]);
    assert!(!page.more);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_missing_object() {
    let bucket = Bucket::make(false).await;
    let objects = Objects::open("s3://no-such-bucket-here", bucket.options()).unwrap();
    let answer = objects.check().await;
    let Err(ObjectsError::Unavailable { reason }) = answer else { panic!("{answer:?}") };
    assert_eq!(reason, "S3 answered 404 NoSuchBucket");
}

#[test]
fn what_is_printed_has_no_secret() {
    let credentials = custody_objects::Credentials {
        access_key_id: "the-id".into(),
        secret_access_key: "the-secret".into(),
    };
    let options = S3Options { credentials: Some(credentials), ..S3Options::default() };
    let objects = Objects::open("s3://bucket/prefix", options).unwrap();
    let printed = format!("{objects:?}");
    assert!(printed.contains("the-id") && !printed.contains("the-secret"), "{printed}");
}
