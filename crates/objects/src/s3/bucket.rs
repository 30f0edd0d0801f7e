//! What the bucket is asked, for which `object_store` has no call.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
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
/// Before the second attempt; twice as long before the third.
const PAUSE: Duration = Duration::from_millis(200);
const SIGNED_FOR: Duration = Duration::from_mins(5);

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
    let (status, body) = Question::of_the_bucket(&[("object-lock", "")]).ask(s3).await?;
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

/// A request that is asked by an address signed for it.
pub(super) struct Question<'a> {
    pub(super) method: Method,
    pub(super) path: Path,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl<'a> Question<'a> {
    /// Of the bucket itself.
    pub(super) fn of_the_bucket(query: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: Method::GET,
            path: Path::default(),
            query,
            headers: HeaderMap::new(),
            body: String::new(),
        }
    }

    /// The status and the body, with all attempts in a bounded time.
    pub(super) async fn ask(self, s3: &S3) -> Result<(StatusCode, String), ObjectsError> {
        let mut options = SignedUrlOptions::default().with_query(self.query.iter().copied());
        options.signed_headers = self.headers.clone();
        let signed = s3.small.signed_url_opts(self.method.clone(), &self.path, SIGNED_FOR, &options);
        let url = s3.bounded(signed).await?;
        let attempts = async {
            let mut attempt = 1;
            loop {
                let answer = self.once(s3, url.as_str()).await;
                let failed = answer.as_ref().map_or(true, |(status, _)| status.is_server_error());
                if !failed || attempt == ATTEMPTS {
                    return answer;
                }
                sleep(PAUSE * attempt).await;
                attempt += 1;
            }
        };
        timeout(s3.options.total_timeout, attempts).await.map_err(|_| answer::timed_out())?
    }

    async fn once(&self, s3: &S3, url: &str) -> Result<(StatusCode, String), ObjectsError> {
        let mut request: HttpRequest = http::Request::builder()
            .method(self.method.clone())
            .uri(url)
            .body(HttpRequestBody::from(self.body.clone()))
            .map_err(|_| ObjectsError::unavailable("the address of the bucket is none"))?;
        request.headers_mut().extend(self.headers.clone());
        let answer = s3.http.execute(request).await.map_err(|error| answer::transport(&error))?;
        let status = answer.status();
        let body = answer.into_body().bytes().await.map_err(|error| answer::transport(&error))?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

pub(super) fn xml<T: for<'a> Deserialize<'a>>(body: &str) -> Result<T, ObjectsError> {
    quick_xml::de::from_str(body).map_err(|_| ObjectsError::unavailable("S3 was not understood"))
}
