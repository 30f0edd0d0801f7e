//! `POST /api/v1/logs/bulk`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

mod answer;
mod chunk;
mod intake;
mod record;
mod settle;
mod spool;

use axum::{
    extract::{Request, State},
    response::Response,
};
use custody_auth::op;
use custody_domain::QuarantineId;
use custody_ingest::{Format, Framing, Splitter};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use self::{intake::Intake, settle::Settling, spool::Spool};
pub(crate) use self::{intake::TIME_MAX, spool::Spools};
use super::{create::ReceiptBody, shapes::NewEntry};
use crate::{
    App, Permit,
    extract::{
        IdempotencyKey, MediaType, Parameters, body::declared_length, decoded::Decoded, encoding::Encoding,
        frames::Frames, halt::Halt, media_type,
    },
    problem::{Fault, Problem},
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BulkParameters {
    /// The events' format: `auto` (the default: each is looked at), `custody`, `cloudtrail`.
    format: Option<String>,
}

/// What became of each event, in the order sent.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct BulkAnswer {
    accepted: u64,
    duplicate: u64,
    quarantined: u64,
    /// Not taken, or perhaps taken: `detail` says which. Send these again later, with the same
    /// `event_id` or, as the whole request, under the same `Idempotency-Key`; without either, what
    /// was taken after all is in the log twice.
    retry: u64,
    items: Vec<BulkItem>,
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(crate) enum BulkItem {
    /// It is in the log now.
    Accepted(ReceiptBody),
    /// It was in the log before, with this receipt.
    Duplicate(ReceiptBody),
    /// It cannot become an entry, and was kept as it was sent.
    Quarantined {
        #[schema(value_type = Uuid)]
        quarantine_id: QuarantineId,
        reason: String,
        errors: Vec<Fault>,
    },
    /// It was not taken and not kept, or may have been taken; `detail` says which. Send it again with
    /// the same `event_id` or, as the whole request, under the same `Idempotency-Key`; without either
    /// it may be in the log twice. As the last item it may stand for all that was not read.
    Retry { detail: String },
}

/// Record many events
///
/// A JSON array, CloudTrail's `{"Records": […]}`, one JSON object a line, or several such documents
/// one behind the other; gzip and zstd are understood. Any number of events: the body is worked on as
/// it comes and never held. Never all or nothing: each event is accepted, known already, quarantined,
/// or to be sent again, and the answer says which, in the order sent. It begins once the whole body
/// was read.
///
/// A body that breaks off, or whose items cannot be told apart any more, is answered item by item as
/// far as it was whole; what follows is one item more. If no item was whole it is refused with 400,
/// and nothing of it was kept.
#[utoipa::path(
    post, path = "/api/v1/logs/bulk", operation_id = "createEntries", tag = "entries",
    params(
        BulkParameters,
        ("Idempotency-Key" = Option<String>, Header, description =
            "1 to 255 visible ASCII characters. An event without an `event_id` that comes again within 24 \
             hours in the same place of a request with the same key is known again: the first receipt, or a \
             conflict where it is another event.",
            example = "import-2026-01-31/0007"),
    ),
    request_body(content(
        (Vec<NewEntry> = "application/json"),
        (String = "application/x-ndjson", example = "{\"action\":\"order.updated\",\"actor\":{\"id\":\"u1\"}}\n"),
    )),
    responses((status = 200, description = "What became of each event.", body = BulkAnswer))
)]
pub(crate) async fn create_entries(
    permit: Permit<op::CreateEntries>,
    State(app): State<App>,
    Parameters(parameters): Parameters<BulkParameters>,
    IdempotencyKey(key): IdempotencyKey,
    request: Request,
) -> Result<Response, Problem> {
    let framing = match media_type(request.headers(), &[MediaType::Json, MediaType::NdJson])? {
        MediaType::Json => Framing::Auto,
        MediaType::NdJson => Framing::Lines,
    };
    let format = parameters.format()?;
    let encoding = Encoding::of(request.headers())?;
    let config = &app.edge.config;
    let limit = config.bulk_bytes_max;
    if declared_length(&request).is_some_and(|length| length > limit) {
        return Err(Halt::TooLarge { limit }.into());
    }
    let reserved = app.edge.body_memory.reservation(&request);
    let body = Decoded::new(Frames::new(request.into_body(), config.read_timeout), encoding, limit);
    let progress = chunk::Progress::default();
    let intake = Intake {
        ingest: &app.ingest,
        scope: &permit,
        format,
        key: key.as_deref(),
        body,
        reserved,
        progress: &progress,
    };
    let spool = Spool::new(app.edge.spools.clone());
    let settling = Settling { ingest: &app.ingest, scope: &permit, spool, progress: &progress };
    // One chunk is written while the next waits and the one after it is read and prepared.
    let (to, from) = mpsc::channel(1);
    // All on this task: it is the ledger's committers that work beside it.
    let ((), spool) = tokio::try_join!(intake.run(Splitter::new(framing, format), to), settling.run(from))?;
    Ok(answer::response(spool))
}

impl BulkParameters {
    fn format(&self) -> Result<Format, Problem> {
        let text = self.format.as_deref().unwrap_or("auto");
        text.parse().map_err(|error| Problem::bad_parameter("format", format!("{error}")))
    }
}
