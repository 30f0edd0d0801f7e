//! `POST /api/v1/logs`

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_domain::{EntryId, QuarantineId, time::rfc3339_millis};
use custody_ingest::{Format, ItemResult, Quarantined, RawItem, Reason, Sent, Unnamed};
use custody_ledger::Receipt;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::NewEntry;
use crate::{
    App, Permit,
    extract::{IdempotencyKey, MediaType, body, media_type},
    problem::{Fault, Kind, Problem, ProblemBody},
};

/// Twice what an entry can be, for the spaces between. What is larger is no event.
const EVENT_BYTES_MAX: usize = 2 << 20;

/// An entry's place in the log: durable, and never another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f",
    "seq": 41,
    "received_at": "2026-01-31T08:30:00.123Z",
    "leaf_hash": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
}))]
pub(crate) struct ReceiptBody {
    #[schema(value_type = Uuid)]
    id: EntryId,
    /// From 0, without gaps: the entry's leaf index.
    seq: u64,
    #[schema(value_type = DateTime<Utc>)]
    received_at: String,
    /// 64 hexadecimal digits.
    leaf_hash: String,
}

impl From<&Receipt> for ReceiptBody {
    fn from(receipt: &Receipt) -> Self {
        Self {
            id: receipt.id,
            seq: receipt.seq,
            received_at: rfc3339_millis(receipt.received_at),
            leaf_hash: hex::encode(receipt.leaf_hash),
        }
    }
}

/// Record an event
///
/// Answers once the entry is durable and has its place. An event that carries an `event_id` may be
/// sent again: the same content is answered with the first receipt and 200, other content with 409.
/// What cannot become an entry (broken JSON included) is kept in the quarantine and answered with
/// its `quarantine_id`; nothing that was authenticated and fits is dropped. An empty body is refused
/// with 400, and what is larger than 2 MiB with 413: `POST /logs/bulk` keeps it.
#[utoipa::path(
    post, path = "/api/v1/logs", operation_id = "createEntry", tag = "entries",
    params(("Idempotency-Key" = Option<String>, Header, description =
        "1 to 255 visible ASCII characters. An event without an `event_id` that comes again within 24 hours \
         under the same key is known again: the first receipt, or a conflict where it is another event.",
        example = "8e03978e-40d5-43dd-bc93-6894a57f9324")),
    request_body(content = NewEntry, content_type = "application/json"),
    responses(
        (status = 201, description = "Recorded.", body = ReceiptBody,
            headers(("Location" = String, description = "The entry."))),
        (status = 200, description = "It was recorded before; the first receipt.", body = ReceiptBody),
        (status = 409, description = "Another event was recorded under this `event_id` or `Idempotency-Key`; this one was quarantined.",
            body = ProblemBody, content_type = "application/problem+json", example = json!({
                "type": "urn:custody:problem:conflict",
                "title": "It contradicts what is there",
                "status": 409,
                "detail": "Another event was recorded under the same id; this one is in the quarantine.",
                "request_id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f",
                "quarantine_id": "01932f5e-7b1d-7d10-8a4b-5c6d7e8f9a0b",
                "reason": "conflict",
            })),
        (status = 422, description = "It cannot become an entry and was quarantined; `errors` says why.",
            body = ProblemBody, content_type = "application/problem+json", example = json!({
                "type": "urn:custody:problem:quarantined",
                "title": "The event cannot become an entry and was quarantined",
                "status": 422,
                "detail": "The event cannot become an entry; it is in the quarantine as it was sent.",
                "request_id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f",
                "quarantine_id": "01932f5e-7b1d-7d10-8a4b-5c6d7e8f9a0b",
                "reason": "schema",
                "errors": [{"pointer": "/actor/id", "detail": "is required"}],
            })),
    )
)]
pub(crate) async fn create_entry(
    permit: Permit<op::CreateEntry>,
    State(app): State<App>,
    IdempotencyKey(key): IdempotencyKey,
    request: Request,
) -> Result<Response, Problem> {
    media_type(request.headers(), &[MediaType::Json])?;
    let limit = app.edge.config.body_bytes_max.min(EVENT_BYTES_MAX);
    let body = body::read(request, &app.edge, limit).await.map_err(|problem| match problem.status() {
        StatusCode::PAYLOAD_TOO_LARGE => problem.advising(TOO_LARGE),
        _ => problem,
    })?;
    if body.bytes.trim_ascii().is_empty() {
        // There is nothing that could be kept and mended.
        return Err(Problem::new(Kind::MalformedJson, "The body is empty; send one event, a JSON object."));
    }
    let item = RawItem::whole(body.bytes.clone());
    let unnamed = key.as_deref().map_or(Unnamed::Nothing, |key| Unnamed::Request { key, first: 0 });
    let sent = Sent { format: Format::Custody, unnamed };
    match app.ingest.submit_one(&permit, sent, item).await? {
        ItemResult::Accepted(receipt) => Ok(created(&receipt)),
        ItemResult::Duplicate(receipt) => Ok(Json(ReceiptBody::from(&receipt)).into_response()),
        ItemResult::Quarantined(item) => Err(quarantined(item, is_array(&body.bytes))),
        ItemResult::Retry { detail } => Err(Problem::unavailable(detail, RETRY_AFTER)),
    }
}

const TOO_LARGE: &str = "Send it to POST /api/v1/logs/bulk: an event that is \
     too large for an entry is kept there, in the quarantine.";
const MANY: &str = "POST /api/v1/logs/bulk takes many events";

/// Whether many events were meant, most likely.
fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

/// Seconds after which an item that was not taken may be sent again.
const RETRY_AFTER: u32 = 30;

fn created(receipt: &Receipt) -> Response {
    let location = HeaderValue::try_from(format!("/api/v1/logs/{}", receipt.id));
    let mut response = (StatusCode::CREATED, Json(ReceiptBody::from(receipt))).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn quarantined(item: Quarantined, many: bool) -> Problem {
    let (kind, detail) = match item.reason {
        Reason::Conflict => {
            (Kind::Conflict, "Another event was recorded under the same id; this one is in the quarantine.")
        }
        _ => (Kind::Quarantined, "The event cannot become an entry; it is in the quarantine as it was sent."),
    };
    let id: QuarantineId = item.id;
    let hint = many.then(|| MANY.to_owned());
    Problem::new(kind, detail)
        .member("quarantine_id", id.to_string().into())
        .member("reason", item.reason.as_str().into())
        .faults(
            item.errors.into_iter().map(|v| Fault { hint: hint.clone(), ..Fault::at(v.pointer, v.detail) }),
        )
}
