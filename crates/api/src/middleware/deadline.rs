//! Bounds how many requests run at once, in all and from one address, and for how long.

use std::time::Duration;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use tokio::sync::Semaphore;

use super::ClientAddress;
use crate::{app::Edge, problem::Problem, routes::logs::bulk};

/// The last resort: bodies are bounded by their pace and statements by the store, both much sooner.
const REQUEST_TIME_MAX: Duration = Duration::from_mins(5);

/// A body without an end in sight is read for a bounded time by its handler, which then has an answer
/// to give.
const UPLOADS: [&str; 2] = ["/api/v1/logs/bulk", "/api/v1/scans/import"];
const UPLOAD_TIME_MAX: Duration = bulk::TIME_MAX.saturating_add(REQUEST_TIME_MAX);

/// Seconds after which a refused client may try again.
const RETRY_AFTER: u32 = 1;

pub(crate) async fn deadline(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let Ok(_running) = edge.running.clone().try_acquire_owned() else {
        metrics::counter!("custody_http_shed_total").increment(1);
        return Problem::unavailable("The server has as many requests in hand as it takes.", RETRY_AFTER)
            .into_response();
    };
    // After the bound of all, which bounds the addresses that are counted, too.
    let address = request.extensions().get::<ClientAddress>().and_then(|client| client.counted());
    let share = address.map(|address| edge.running_of.of(address));
    let Ok(_running_of_address) = share.as_deref().map(Semaphore::try_acquire).transpose() else {
        metrics::counter!("custody_http_shed_total").increment(1);
        let detail = "As many requests from this address are in hand as one address may have.";
        return Problem::too_many_requests(detail, RETRY_AFTER.into()).into_response();
    };
    let path = request.extensions().get::<MatchedPath>();
    let is_upload = path.is_some_and(|path| UPLOADS.contains(&path.as_str()));
    let time_max = if is_upload { UPLOAD_TIME_MAX } else { REQUEST_TIME_MAX };
    match tokio::time::timeout(time_max, next.run(request)).await {
        Ok(response) => response,
        Err(elapsed) => Problem::unavailable("The request took too long and was given up.", RETRY_AFTER)
            .caused_by(elapsed)
            .into_response(),
    }
}
