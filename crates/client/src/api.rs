//! One server, one credential.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use reqwest::{
    Certificate, Method, RequestBuilder, Response, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER},
};

use crate::Problem;

const CONNECT_SECONDS_MAX: u64 = 10;
/// Longer than the server's own limit on a request, so that its answer is what a person sees.
const ANSWER_SECONDS_MAX: u64 = 120;

/// Why there is no answer, or not the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{0:?} is not the address of a server: it must look like http://host:port")]
    Address(String),
    #[error("the token has characters that no token has")]
    Token,
    #[error("cannot use the certificate authority in {path}")]
    Authority {
        path: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot reach {url}: {}{}", root(.error), elsewhere(.error))]
    Unreachable { url: String, error: reqwest::Error },
    #[error("{0}")]
    Problem(Box<Problem>),
    /// An answer without its end.
    #[error("the answer of {url} broke off")]
    CutOff { url: String },
    #[error("cannot make sense of the answer of {url}; is it a Custody server of this version?")]
    Unreadable {
        url: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ClientError {
    /// Whether the same request may succeed in a while.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::CutOff { .. } => true,
            Self::Problem(problem) => problem.is_temporary(),
            _ => false,
        }
    }

    /// Whether the request cannot have had an effect: there was no connection, or it was turned
    /// away for its rate. After anything else an answer may have been lost that said yes.
    pub fn is_before_anything(&self) -> bool {
        match self {
            Self::Unreachable { error, .. } => error.is_connect(),
            _ => self.status() == Some(429),
        }
    }

    /// How long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem(problem) => problem.retry_after,
            _ => None,
        }
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            _ => None,
        }
    }
}

/// A connection to one server with one credential. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct ApiClient {
    http: reqwest::Client,
    base: Url,
}

impl ApiClient {
    /// `url` is the server's address, `token` an API key or token, `ca_file` the only certificate
    /// authority to trust.
    pub fn new(url: &str, token: Option<&str>, ca_file: Option<&Path>) -> Result<Self, ClientError> {
        let base = Url::parse(url).map_err(|_| ClientError::Address(url.to_owned()))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(ClientError::Address(url.to_owned()));
        }
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| ClientError::Token)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("custody/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // A redirect could carry the credential to another host.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
            // A server that is short of memory lets a body wait, and reqwest would give
            // up after 30 s in which nothing of it was taken.
            .tcp_user_timeout(Duration::from_secs(ANSWER_SECONDS_MAX))
            .read_timeout(Duration::from_secs(ANSWER_SECONDS_MAX));
        if let Some(path) = ca_file {
            builder = builder.tls_certs_only(authority(path)?);
        } else if base.scheme() == "http" {
            // The platform's roots are not needed, and a small container has none to load.
            builder = builder.tls_certs_only([]);
        }
        let http =
            builder.build().map_err(|error| ClientError::Unreachable { url: url.to_owned(), error })?;
        Ok(Self { http, base })
    }

    /// A request to `path` (`/api/v1/…`), not yet sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        // The server may live under a path of a proxy.
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        self.http.request(method, url)
    }

    /// Sends it; every status that is no success is an error.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let answer = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let retry_after = retry_after(answer.headers());
        let body = answer.bytes().await.unwrap_or_default();
        let mut problem =
            Problem::read(status.as_u16(), status.canonical_reason().unwrap_or_default(), &body);
        problem.retry_after = retry_after;
        Err(ClientError::Problem(Box::new(problem)))
    }

    /// Sends it and reads the answer's JSON.
    pub async fn json<T: serde::de::DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ClientError> {
        // An answer that breaks off may be asked for again; one that is no JSON may not.
        let body = self.send(request).await?.bytes().await.map_err(|error| self.unreachable(error))?;
        serde_json::from_slice(&body).map_err(|source| ClientError::Unreadable {
            url: self.base.to_string(),
            source: Box::new(source),
        })
    }

    /// The body of an answer; one that breaks off may be asked for again.
    pub(crate) async fn bytes(&self, answer: Response) -> Result<Bytes, ClientError> {
        answer.bytes().await.map_err(|error| self.unreachable(error))
    }

    /// An answer that is not what was asked for.
    pub(crate) fn unreadable(&self, source: impl std::error::Error + Send + Sync + 'static) -> ClientError {
        ClientError::Unreadable { url: self.base.to_string(), source: Box::new(source) }
    }

    /// The server's address, for messages.
    pub fn url(&self) -> &str {
        self.base.as_str()
    }

    pub(crate) fn unreachable(&self, error: reqwest::Error) -> ClientError {
        ClientError::Unreachable { url: self.base.to_string(), error: error.without_url() }
    }
}

/// What it came from in the end (`Connection refused`): the layers between tell a person nothing.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn elsewhere(error: &reqwest::Error) -> &'static str {
    if error.is_connect() { "; --url or CUSTODY_URL names another server" } else { "" }
}

fn authority(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ClientError::Authority {
        path: path.display().to_string(),
        source,
    };
    let pem = std::fs::read(path).map_err(|e| failed(e.into()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|e| failed(e.into()))?;
    if certificates.is_empty() {
        return Err(failed("the file has no PEM certificate".into()));
    }
    Ok(certificates)
}

/// `Retry-After` in seconds; its other form, a date, is not what our server sends.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn an_address_must_be_one() {
        for bad in ["", "localhost:8080", "ftp://a", "/api", "mailto:a@b"] {
            assert!(matches!(ApiClient::new(bad, None, None), Err(ClientError::Address(_))), "{bad}");
        }
    }

    #[test]
    fn a_path_of_a_proxy_is_kept_and_slashes_do_not_double() {
        for base in ["http://h:1/custody", "http://h:1/custody/"] {
            let client = ApiClient::new(base, None, None).unwrap();
            let request = client.request(Method::GET, "/api/v1/logs").build().unwrap();
            assert_eq!(request.url().as_str(), "http://h:1/custody/api/v1/logs");
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        let client = ApiClient::new("http://h", Some("s3cret"), None).unwrap();
        assert!(!format!("{client:?}").contains("s3cret"));
        assert!(matches!(ApiClient::new("http://h", Some("a\nb"), None), Err(ClientError::Token)));
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
    }
}
