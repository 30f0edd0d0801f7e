//! Asks the node. While it is away, requests are not sent one by one into the void: after a failure one
//! in a while is, and when that is answered all are again.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Endpoint, OpenSearchError};

const CONNECT_MAX: Duration = Duration::from_secs(2);
/// The pause after the first failure; each next is twice as long, …
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// … and none longer.
const PAUSE_MAX: Duration = Duration::from_secs(10);
const TIME_EXCEEDED: &str = "time_exceeded_exception";
const REASON_CHARS_MAX: usize = 300;

#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
    away: Mutex<Option<Away>>,
}

#[derive(Clone, Copy, Debug)]
struct Away {
    until: Instant,
    pause: Duration,
}

/// What is sent.
#[derive(Debug)]
pub(super) enum Body {
    None,
    Json(Vec<u8>),
    Lines(Vec<u8>),
}

impl Body {
    pub(super) fn json(value: &Value) -> Self {
        Self::Json(value.to_string().into_bytes())
    }
}

impl Client {
    pub(super) fn new(endpoint: Endpoint) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().connect_timeout(CONNECT_MAX).tcp_nodelay(true).build()?;
        Ok(Self { http, endpoint, away: Mutex::default() })
    }

    /// `path` begins with a slash. Nothing is sent while the node is known to be away.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
        patience: Duration,
    ) -> Result<T, OpenSearchError> {
        self.may_ask()?;
        let answered = self.send(method, path, body, patience).await;
        match &answered {
            Err(OpenSearchError::Away(reason)) => self.failed(reason),
            // Whatever it says, it is there.
            _ => self.answered(),
        }
        Ok(serde_json::from_slice(&answered?)?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Body,
        patience: Duration,
    ) -> Result<Vec<u8>, OpenSearchError> {
        let mut request = self.http.request(method, format!("{}{path}", self.endpoint.url)).timeout(patience);
        if let Some((user, password)) = &self.endpoint.user {
            request = request.basic_auth(user, Some(password));
        }
        let request = match body {
            Body::None => request,
            Body::Json(json) => request.header("content-type", "application/json").body(json),
            Body::Lines(lines) => request.header("content-type", "application/x-ndjson").body(lines),
        };
        let answer = request.send().await.map_err(|error| away(&error))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| away(&error))?;
        if status.is_success() {
            return Ok(bytes.to_vec());
        }
        Err(refusal(status, &bytes))
    }

    fn may_ask(&self) -> Result<(), OpenSearchError> {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = away.as_mut() else { return Ok(()) };
        let now = Instant::now();
        if now < known.until {
            return Err(OpenSearchError::Away("it did not a moment ago".to_owned()));
        }
        // This one looks whether it is back; others go on as if it were not, for as long.
        known.until = now + known.pause;
        Ok(())
    }

    fn failed(&self, reason: &str) {
        metrics::counter!("custody_opensearch_failures_total").increment(1);
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = away.map_or(PAUSE_MIN, |known| (known.pause * 2).min(PAUSE_MAX));
        if away.is_none() {
            tracing::warn!(reason, "OpenSearch does not answer; searches read the log instead");
        }
        *away = Some(Away { until: Instant::now() + pause, pause });
    }

    fn answered(&self) {
        if self.away.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("OpenSearch answers again");
        }
    }
}

fn away(error: &reqwest::Error) -> OpenSearchError {
    // Without the address, which the reader knows.
    let what = if error.is_timeout() {
        "it takes too long"
    } else if error.is_connect() {
        "there is no connection to it"
    } else {
        "the connection broke off"
    };
    OpenSearchError::Away(what.to_owned())
}

fn refusal(status: StatusCode, bytes: &[u8]) -> OpenSearchError {
    let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let error = &said["error"];
    if status == StatusCode::NOT_FOUND && error["type"] == "index_not_found_exception" {
        return OpenSearchError::Gone;
    }
    // Where it runs out of its time while it spells out a pattern, it says so by an error of its own.
    if kinds(error).any(|kind| kind == TIME_EXCEEDED) {
        return OpenSearchError::TookTooLong;
    }
    let reason = reason(error).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
    if status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error()
        || status == StatusCode::REQUEST_TIMEOUT
    {
        return OpenSearchError::Away(format!("{}: {reason}", status.as_u16()));
    }
    OpenSearchError::Refused { status: status.as_u16(), reason }
}

/// What kinds of error it was on the shards.
fn kinds(error: &Value) -> impl Iterator<Item = &str> {
    let causes = error["root_cause"].as_array().into_iter().flatten();
    let shards = error["failed_shards"].as_array().into_iter().flatten().map(|shard| &shard["reason"]);
    causes.chain(shards).filter_map(|error| error["type"].as_str())
}

/// An error of OpenSearch's in words: of the first cause where it names one.
pub(super) fn reason(error: &Value) -> Option<String> {
    let root = error.get("root_cause").and_then(|causes| causes.get(0)).unwrap_or(error);
    let said = |error: &Value| Some(format!("{}: {}", error["type"].as_str()?, error["reason"].as_str()?));
    let own = said(root).or_else(|| said(error))?;
    Some(match error.get("caused_by").and_then(said) {
        Some(cause) if cause != own => format!("{own}: {cause}"),
        _ => own,
    })
}
