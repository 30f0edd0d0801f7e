//! What `object_store` cannot say to S3, added to its requests as they leave.

use std::fmt;

use http::{HeaderValue, header};
use object_store::{
    ClientOptions,
    aws::{AwsAuthorizer, AwsCredentialProvider},
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
        ReqwestConnector,
    },
};

use super::retention::{Held, Retention};

tokio::task_local! {
    /// Set around the completion of an upload that may only create. `object_store` completes such an
    /// upload only when it copies, and has no way to hand anything to the request.
    pub(super) static CREATE_ONLY: ();
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

/// `POST /key?uploadId=…`
fn is_completion(request: &HttpRequest) -> bool {
    request.method() == http::Method::POST
        && request
            .uri()
            .query()
            .is_some_and(|query| query.split('&').any(|pair| pair.starts_with("uploadId=")))
}
