//! What `object_store` cannot say to S3, added to its requests as they leave.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderMap, HeaderValue, header};
use object_store::{
    ClientOptions,
    aws::{AwsAuthorizer, AwsCredentialProvider},
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
        ReqwestConnector,
    },
};

use crate::LockMode;

tokio::task_local! {
    /// Set around the completion of an upload that may only create. `object_store` completes such an
    /// upload only when it copies, and has no way to hand anything to the request.
    pub(super) static CREATE_ONLY: ();
}

/// Holds an object that is being written. A header of the write itself, so that there is no moment
/// when it is written and not held. Travels in the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    pub(super) mode: LockMode,
    pub(super) until: DateTime<Utc>,
}

/// Until when an object must stay, as S3 says of one that it answers with. Travels in the answer's
/// extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) legal_hold: bool,
}

/// Makes clients that say it.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) credentials: AwsCredentialProvider,
    pub(super) region: String,
}

#[derive(Debug)]
struct Client {
    inner: HttpClient,
    connector: Connector,
}

// Whoever prints a client prints its credentials.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("region", &self.region).finish_non_exhaustive()
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Client { inner, connector: self.clone() }))
    }
}

#[async_trait::async_trait]
impl HttpService for Client {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if let Some(retention) = request.extensions().get::<Retention>().copied() {
            retention.write(request.headers_mut());
            self.connector.sign_again(&mut request).await?;
        }
        if CREATE_ONLY.try_with(|()| ()).is_ok() && is_completion(&request) {
            // Of the conditions S3 wants none signed.
            request.headers_mut().insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        }
        let mut response = self.inner.execute(request).await?;
        let held = Held::read(response.headers());
        response.extensions_mut().insert(held);
        Ok(response)
    }
}

impl Connector {
    /// Every `x-amz-` header must be signed, so the first signature does not do any more.
    async fn sign_again(&self, request: &mut HttpRequest) -> Result<(), HttpError> {
        let failed = |error| HttpError::new(HttpErrorKind::Unknown, error);
        let credential = self.credentials.get_credential().await.map_err(failed)?;
        request.headers_mut().remove(header::AUTHORIZATION);
        let digest = request.headers().get("x-amz-content-sha256").and_then(|hash| hex::decode(hash).ok());
        AwsAuthorizer::new(&credential, "s3", &self.region)
            .try_authorize(request, digest.as_deref())
            .map_err(failed)
    }
}

impl Retention {
    fn write(self, headers: &mut HeaderMap) {
        let mode = match self.mode {
            LockMode::Governance => "GOVERNANCE",
            LockMode::Compliance => "COMPLIANCE",
        };
        headers.insert("x-amz-object-lock-mode", HeaderValue::from_static(mode));
        let until = self.until.to_rfc3339_opts(SecondsFormat::Secs, true);
        if let Ok(until) = HeaderValue::from_str(&until) {
            headers.insert("x-amz-object-lock-retain-until-date", until);
        }
    }
}

impl Held {
    /// S3 says it to those who have `s3:GetObjectRetention` and `s3:GetObjectLegalHold`.
    fn read(headers: &HeaderMap) -> Self {
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

/// `POST /key?uploadId=…`
fn is_completion(request: &HttpRequest) -> bool {
    request.method() == http::Method::POST
        && request
            .uri()
            .query()
            .is_some_and(|query| query.split('&').any(|pair| pair.starts_with("uploadId=")))
}
