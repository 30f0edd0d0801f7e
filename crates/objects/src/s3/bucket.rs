//! What the bucket is asked, for which `object_store` has no call.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use object_store::{
    client::{HttpRequest, HttpRequestBody},
    path::Path,
    signer::{SignedUrlOptions, Signer as _},
};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use super::{S3, answer};
use crate::ObjectsError;

/// How often it is asked where it answers with an error of its own.
const ATTEMPTS: u32 = 3;
const SIGNED_FOR: Duration = Duration::from_secs(300);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ObjectLockConfiguration {
    object_lock_enabled: Option<String>,
}

/// Whether the bucket can hold objects. Asked until it was yes once.
pub(super) async fn has_object_lock(s3: &S3) -> Result<bool, ObjectsError> {
    if s3.has_lock.initialized() {
        return Ok(true);
    }
    let (status, body) = ask(s3, [("object-lock", "")]).await?;
    let enabled = match status {
        StatusCode::OK => {
            xml::<ObjectLockConfiguration>(&body)?.object_lock_enabled.as_deref() == Some("Enabled")
        }
        // ObjectLockConfigurationNotFoundError; and of services that never heard of it.
        StatusCode::NOT_FOUND if answer::code(&body) != " NoSuchBucket" => false,
        StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => false,
        StatusCode::FORBIDDEN => {
            let reason = "s3:GetBucketObjectLockConfiguration is missing".to_owned();
            return Err(ObjectsError::Denied { reason });
        }
        other => return Err(answer::status(other, &body)),
    };
    if enabled {
        let _ = s3.has_lock.set(());
    }
    Ok(enabled)
}

/// Asks by an address that is signed for this once, with all attempts in a bounded time.
pub(super) async fn ask<'a>(
    s3: &S3,
    query: impl IntoIterator<Item = (&'a str, &'a str)> + Send,
) -> Result<(StatusCode, String), ObjectsError> {
    let options = SignedUrlOptions::default().with_query(query);
    let root = Path::default();
    let url = s3.bounded(s3.small.signed_url_opts(Method::GET, &root, SIGNED_FOR, &options)).await?;
    let attempts = async {
        let mut attempt = 1;
        loop {
            let answer = once(s3, url.as_str()).await;
            let failed = answer.as_ref().map_or(true, |(status, _)| status.is_server_error());
            if !failed || attempt == ATTEMPTS {
                return answer;
            }
            sleep(Duration::from_millis(200) * attempt).await;
            attempt += 1;
        }
    };
    timeout(s3.options.total_timeout, attempts).await.map_err(|_| answer::timed_out())?
}

async fn once(s3: &S3, url: &str) -> Result<(StatusCode, String), ObjectsError> {
    let request: HttpRequest = http::Request::get(url)
        .body(HttpRequestBody::empty())
        .map_err(|_| ObjectsError::unavailable("the address of the bucket is none"))?;
    let answer = s3.http.execute(request).await.map_err(|error| answer::transport(&error))?;
    let status = answer.status();
    let body: Bytes = answer.into_body().bytes().await.map_err(|error| answer::transport(&error))?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

pub(super) fn xml<T: for<'a> Deserialize<'a>>(body: &str) -> Result<T, ObjectsError> {
    quick_xml::de::from_str(body).map_err(|_| ObjectsError::unavailable("S3 was not understood"))
}
