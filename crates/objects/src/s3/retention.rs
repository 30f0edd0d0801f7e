//! Holding an object for a time (S3 Object Lock).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use sha2::{Digest as _, Sha256};

use super::{S3, answer, bucket, read};
use crate::{Key, LockMode, ObjectsError};

/// Holds an object that is being written. A header of the write itself, so that there is no moment
/// when it is written and not held. Travels in the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    mode: LockMode,
    until: DateTime<Utc>,
}

/// Until when an object must stay, as S3 says of one that it answers with. Travels in the answer's
/// extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    until: Option<DateTime<Utc>>,
    legal_hold: bool,
}

impl Retention {
    /// None where nothing is to be held, or the bucket cannot.
    pub(super) async fn of(s3: &S3, until: Option<DateTime<Utc>>) -> Result<Option<Self>, ObjectsError> {
        // S3 refuses a time that has passed; there is nothing to hold.
        let Some(until) = until.filter(|until| *until > Utc::now()) else { return Ok(None) };
        let mode = s3.options.lock_mode;
        Ok(bucket::has_object_lock(s3).await?.then_some(Self { mode, until }))
    }

    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert("x-amz-object-lock-mode", HeaderValue::from_static(self.mode()));
        if let Ok(until) = HeaderValue::from_str(&self.until()) {
            headers.insert("x-amz-object-lock-retain-until-date", until);
        }
        // S3 wants a checksum with it and has one; some that are compatible look for its name.
        headers.insert("x-amz-sdk-checksum-algorithm", HeaderValue::from_static("SHA256"));
    }

    /// Whether the object that was written is held. Not everybody who takes the headers heeds them,
    /// those of a multipart upload least, so it is looked at, and asked for once more. That it is not
    /// held is no error: the object is there.
    pub(super) async fn holds(self, s3: &S3, key: &Key) -> bool {
        match self.ensure(s3, key).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%key, %error, "the object is written, and not held");
                false
            }
        }
    }

    /// Where it is held for as long already nothing is asked for.
    pub(super) async fn ensure(self, s3: &S3, key: &Key) -> Result<(), ObjectsError> {
        let held = read::head(s3, key).await?.held.and_then(|held| held.until);
        // S3 keeps whole seconds.
        if held.is_some_and(|held| held.timestamp() >= self.until.timestamp()) {
            return Ok(());
        }
        let body = format!(
            "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>{}</Mode>\
             <RetainUntilDate>{}</RetainUntilDate></Retention>",
            self.mode(),
            self.until(),
        );
        let mut headers = HeaderMap::new();
        let checksum = BASE64_STANDARD.encode(Sha256::digest(&body));
        if let Ok(checksum) = HeaderValue::from_str(&checksum) {
            headers.insert("x-amz-checksum-sha256", checksum);
        }
        let path = s3.path(key)?;
        let question =
            bucket::Question { method: Method::PUT, path, query: &[("retention", "")], headers, body };
        match question.ask(s3).await? {
            (StatusCode::OK | StatusCode::NO_CONTENT, _) => Ok(()),
            (status, body) => Err(answer::status(status, &body)),
        }
    }

    fn mode(self) -> &'static str {
        match self.mode {
            LockMode::Governance => "GOVERNANCE",
            LockMode::Compliance => "COMPLIANCE",
        }
    }

    fn until(self) -> String {
        self.until.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

impl Held {
    /// S3 says it to those who have `s3:GetObjectRetention` and `s3:GetObjectLegalHold`.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let until = text("x-amz-object-lock-retain-until-date")
            .and_then(|until| DateTime::parse_from_rfc3339(until).ok())
            .map(|until| until.with_timezone(&Utc));
        Self { until, legal_hold: text("x-amz-object-lock-legal-hold") == Some("ON") }
    }

    pub(super) fn holds(self, now: DateTime<Utc>) -> bool {
        self.legal_hold || self.until.is_some_and(|until| until > now)
    }
}
