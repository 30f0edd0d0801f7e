//! Multipart uploads whose writer died. Their parts are seen by nobody, and paid for.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use object_store::{multipart::MultipartStore as _, path::Path};
use serde::Deserialize;

use super::{S3, answer, bucket};
use crate::ObjectsError;

/// No writer takes as long for one object.
const AGE: TimeDelta = TimeDelta::days(1);
/// How many answers of S3, of up to a thousand uploads each, one sweep reads.
const ANSWERS_MAX: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Uploads {
    #[serde(default)]
    is_truncated: bool,
    next_key_marker: Option<String>,
    next_upload_id_marker: Option<String>,
    #[serde(default)]
    upload: Vec<Upload>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    #[serde(rename = "UploadId")]
    id: String,
    initiated: DateTime<Utc>,
}

pub(super) async fn sweep(s3: &S3) -> Result<u64, ObjectsError> {
    let prefix = format!("{}tenants/", s3.prefix);
    let (mut key_marker, mut id_marker) = (String::new(), String::new());
    let mut swept = 0;
    for _ in 0..ANSWERS_MAX {
        let mut query = vec![("uploads", ""), ("prefix", prefix.as_str())];
        if !key_marker.is_empty() {
            query.extend([("key-marker", key_marker.as_str()), ("upload-id-marker", id_marker.as_str())]);
        }
        let (status, body) = bucket::Question::of_the_bucket(&query).ask(s3).await?;
        if status != StatusCode::OK {
            return Err(answer::status(status, &body));
        }
        let uploads: Uploads = bucket::xml(&body)?;
        for upload in old(uploads.upload, &prefix, Utc::now()) {
            let path = Path::parse(&upload.key).map_err(|error| ObjectsError::refused(error.to_string()))?;
            match s3.bounded(s3.small.abort_multipart(&path, &upload.id)).await {
                Ok(()) => swept += 1,
                // Completed or aborted meanwhile.
                Err(ObjectsError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        match (uploads.is_truncated, uploads.next_key_marker, uploads.next_upload_id_marker) {
            (true, Some(key), Some(id)) => (key_marker, id_marker) = (key, id),
            _ => break,
        }
    }
    Ok(swept)
}

/// Those that no writer is at any more. The prefix is looked at again: not every service that is
/// compatible with S3 knows it here.
fn old(uploads: Vec<Upload>, prefix: &str, now: DateTime<Utc>) -> impl Iterator<Item = Upload> {
    uploads.into_iter().filter(move |upload| upload.key.starts_with(prefix) && now - upload.initiated > AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Bucket>b</Bucket><KeyMarker/><UploadIdMarker/><MaxUploads>1000</MaxUploads>
  <IsTruncated>true</IsTruncated><NextKeyMarker>x/tenants/c</NextKeyMarker><NextUploadIdMarker>3</NextUploadIdMarker>
  <Upload><Key>x/tenants/a</Key><UploadId>1</UploadId><Initiator><ID>i</ID></Initiator><Initiated>2026-05-01T11:59:59.000Z</Initiated></Upload>
  <Upload><Key>x/tenants/b</Key><UploadId>2</UploadId><Initiated>2026-05-01T12:00:01.000Z</Initiated></Upload>
  <Upload><Key>other/c</Key><UploadId>3</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>
</ListMultipartUploadsResult>"#;

    #[test]
    fn what_is_ours_and_older_than_a_day_is_swept() {
        let uploads: Uploads = bucket::xml(ANSWER).unwrap();
        assert!(uploads.is_truncated);
        assert_eq!(uploads.next_upload_id_marker.as_deref(), Some("3"));
        let now = "2026-05-02T12:00:00Z".parse().unwrap();
        let swept: Vec<_> = old(uploads.upload, "x/tenants/", now).map(|upload| upload.id).collect();
        assert_eq!(swept, ["1"]);

        let none: Uploads = bucket::xml("<ListMultipartUploadsResult/>").unwrap();
        assert!(!none.is_truncated && none.upload.is_empty());
    }
}
