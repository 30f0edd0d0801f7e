//! `WS /api/v1/logs/stream`, and the same as server-sent events

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    body::Body,
    extract::{
        FromRef as _, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_search::{Asked, LiveError};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;

use super::filters::FilterParameters;
use crate::{
    App,
    app::Gate,
    extract::Parameters,
    log_stream::{Events, LogStream, MESSAGE_BYTES_MAX, SEND_TIME_MAX, Word},
    middleware::EVENT_STREAM,
    permit::{Permit, TicketPermit},
    pieces::pieces,
    problem::{Kind, Problem},
    socket::Socket,
    watched_permit::WatchedPermit,
};

/// Of a thousand sockets each has one of its own: the library's 128 KiB would be 256 MiB.
const BUFFER_BYTES: usize = 4 << 10;
/// Said with the first message, or kept by who reconnects (WHATWG HTML, section 9.2.4).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Proxies that would collect an answer before they hand it on.
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamParameters {
    /// Of `POST /api/v1/auth/ticket`, in the place of the `Authorization` header, which a browser
    /// cannot send here.
    #[expect(dead_code, reason = "the permit has read it")]
    ticket: Option<String>,
    /// Begins behind that entry (its `seq`, or an `after` that a stream said); `-1` is before the first
    /// one. Without it: from now on.
    after: Option<String>,
}

/// Follow the log
///
/// Every entry that all filters match, once, in the log's order, from the past into the present. A
/// WebSocket; or with `Accept: text/event-stream` server-sent events, whose ids go into `Last-Event-ID`.
/// Each message is an object with a `type`: `open`, `entry`, `dropped` (entries that were left out
/// because the reader was slow), `unreadable`, `heartbeat` (every 15 s), `query`, `error`; events end
/// with `end`. A WebSocket's client may say `{"type":"query","q":…}`, with any of the filters, at any
/// time. Closes with 1001 when the server stops, 4001 when the credential has expired, 1008 when it
/// was revoked, 4003 when its role may not read any more, 4009 when the log was restored. Holders of the
/// role `user` get what they recorded themselves. At most 1024 of a tenant, and 2048 of a server, run at
/// once. More: docs/live.md.
#[utoipa::path(
    get, path = "/api/v1/logs/stream", operation_id = "followEntries", tag = "entries",
    params(FilterParameters, StreamParameters),
    responses(
        (status = 101, description = "The stream begins: text messages.", body = Word),
        (status = 200, description = "Server-sent events; each one's data is a message.", body = Word, content_type = "text/event-stream"),
    )
)]
pub(crate) async fn follow_entries(
    TicketPermit(permit): TicketPermit<op::FollowEntries>,
    State(app): State<App>,
    headers: HeaderMap,
    Parameters(filters): Parameters<FilterParameters>,
    Parameters(parameters): Parameters<StreamParameters>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = match upgrade {
        Ok(upgrade) => Some(upgrade),
        Err(_) if takes_events(&headers) => None,
        Err(rejection) => {
            let detail = "Open a WebSocket here (RFC 6455), or accept text/event-stream.";
            return Err(Problem::new(Kind::BadRequest, detail).caused_by(rejection));
        }
    };
    let after = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).or(parameters.after.as_deref());
    let stream = begin(app, permit, &filters, after).await?;
    let Some(upgrade) = upgrade else { return Ok(events(stream)) };
    let upgrade = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(4 * BUFFER_BYTES);
    Ok(upgrade.on_upgrade(|socket| stream.run(Socket::new(socket, SEND_TIME_MAX))))
}

async fn begin(
    app: App,
    permit: Permit<op::FollowEntries>,
    filters: &FilterParameters,
    after: Option<&str>,
) -> Result<LogStream, Problem> {
    let query = filters.query()?;
    let from = after.map(|after| app.positions.read(permit.tenant(), after)).transpose();
    let from = from.map_err(|_| {
        Problem::bad_parameter("after", "must be the `seq` of an entry, -1, or an `after` that a stream said")
    })?;
    let place = app.edge.entry_streams.begin(permit.tenant())?;
    let asked = Asked::new(&permit, query.clone());
    let reader = app.live.open(&permit, asked, from).await.map_err(|error| match error {
        LiveError::Beyond { size } => {
            Problem::bad_parameter("after", format!("there is no such entry: the log has {size}"))
        }
        LiveError::Ledger(error) => error.into(),
        other => Problem::internal(other),
    })?;
    Ok(LogStream {
        running: app.detached.token(),
        scope: permit.scope().clone(),
        permit: WatchedPermit::new(permit, Gate::from_ref(&app)),
        query,
        reader,
        place,
        app,
    })
}

fn takes_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types = accepted.flat_map(|value| value.split(',')).filter_map(|range| range.split(';').next());
    types.any(|media_type| media_type.trim().eq_ignore_ascii_case("text/event-stream"))
}

fn events(stream: LogStream) -> Response {
    let (pieces, body) = pieces(SEND_TIME_MAX);
    tokio::spawn(stream.run(Events(pieces)));
    let headers = [
        (header::CONTENT_TYPE, EVENT_STREAM),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (NO_BUFFERING, HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(body)).into_response()
}
