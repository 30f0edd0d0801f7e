//! Rate limits as headers: `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers
//! (structured fields, one item a quota), and `Retry-After` on a 429.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use custody_auth::Standing;
use http::{HeaderName, HeaderValue};

use super::{ClientAddress, header_value};
use crate::{app::Edge, problem::Problem};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The quotas that this request has drawn on so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quotas(Arc<Mutex<Vec<Standing>>>);

impl Quotas {
    /// Notes where a quota stands, for the headers; a used-up one is the problem to answer.
    pub(crate) fn draw(&self, standing: Option<Standing>) -> Result<(), Problem> {
        let Some(standing) = standing else { return Ok(()) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(standing);
        standing.retry_after_secs.map_or(Ok(()), |after| Err(used_up(&standing, after)))
    }

    fn headers(&self) -> Option<[(HeaderName, HeaderValue); 2]> {
        let standings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut policy, mut limit) = (String::new(), String::new());
        for Standing { policy: name, quota, remaining, reset_secs, .. } in standings.iter() {
            let comma = if policy.is_empty() { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(policy, "{comma}\"{name}\";q={};w={}", quota.requests, quota.window_secs);
            let _ = write!(limit, "{comma}\"{name}\";r={remaining};t={reset_secs}");
        }
        (!policy.is_empty()).then(|| [(POLICY, header_value(&policy)), (LIMIT, header_value(&limit))])
    }
}

fn used_up(standing: &Standing, after: u64) -> Problem {
    let Standing { policy, quota, .. } = standing;
    metrics::counter!("custody_rate_limited_total", "policy" => *policy).increment(1);
    let (requests, seconds) = (quota.requests, quota.window_secs);
    Problem::too_many_requests(
        format!("The limit of {requests} requests in {seconds} s for this {policy} is used up."),
        after,
    )
}

pub(crate) async fn quotas(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let quotas = Quotas::default();
    let address = request.extensions().get::<ClientAddress>().and_then(|c| c.0);
    request.extensions_mut().insert(quotas.clone());
    let drawn = address.map_or(Ok(()), |ip| quotas.draw(edge.limits.check_address(ip)));
    let mut response = match drawn {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(headers) = quotas.headers() {
        response.headers_mut().extend(headers);
    }
    response
}
