//! `POST /api/v1/quarantine/{id}/replay`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_domain::QuarantineId;
use custody_ingest::{
    Format, Reason,
    quarantine::{Correction, Replay},
};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    App, Permit,
    extract::{Id, MediaType, Parameters, body, media_type},
    problem::{Fault, Kind, Problem, ProblemBody},
    routes::{
        created::created,
        logs::{create::ReceiptBody, shapes::NewEntry},
    },
};

/// As of `POST /logs`.
const EVENT_BYTES_MAX: usize = 2 << 20;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReplayParameters {
    /// `auto`, `custody`, `cloudtrail`; if not given, what the item was sent as.
    format: Option<String>,
}

/// Replay a quarantined item
///
/// Without a body as it was sent: after a change of the mask policy, or with a version that takes it.
/// With a body that in its place: the whole event, mended. What becomes an entry leaves the
/// quarantine; else the item stays as it is, and nothing of the body is kept. Who replays is the
/// entry's `recorded_by`. An item becomes one entry: replayed again after a broken connection, as
/// the same event or another, the answer is the first receipt, or 404 where all was done.
#[utoipa::path(
    post, path = "/api/v1/quarantine/{id}/replay", operation_id = "replayQuarantined", tag = "quarantine",
    params(("id" = uuid::Uuid, Path, description = "The `quarantine_id` that was answered."), ReplayParameters),
    request_body(content = Option<NewEntry>, content_type = "application/json", description = "The event, mended."),
    responses(
        (status = 201, description = "Recorded.", body = ReceiptBody,
            headers(("Location" = String, description = "The entry."))),
        (status = 200, description = "The event was in the log already, or an earlier replay of the item was; the first receipt.", body = ReceiptBody),
        (status = 409, description = "Another event was recorded under its `event_id`; it stays where it is.",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It still cannot become an entry, and stays where it is; `errors` says why.",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replay_quarantined(
    permit: Permit<op::ReplayQuarantined>,
    State(app): State<App>,
    Id(id): Id<QuarantineId>,
    Parameters(parameters): Parameters<ReplayParameters>,
    request: Request,
) -> Result<Response, Problem> {
    let format = parameters.format.as_deref().map(str::parse::<Format>).transpose();
    let format = format.map_err(|error| Problem::bad_parameter("format", error.to_string()))?;
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    if kind.is_some() {
        media_type(request.headers(), &[MediaType::Json])?;
    }
    let body = body::read(request, &app.edge, app.edge.config.body_bytes_max.min(EVENT_BYTES_MAX)).await?;
    if kind.is_none() && !body.bytes.is_empty() {
        return Err(Problem::unsupported_media_type("Send Content-Type: application/json, in UTF-8."));
    }
    let correction = Correction { body: (!body.bytes.is_empty()).then_some(&*body.bytes), format };
    match app.ingest.replay(&permit, id, correction).await? {
        Replay::Accepted(receipt) => {
            Ok(created(format!("/api/v1/logs/{}", receipt.id), &ReceiptBody::from(&receipt)))
        }
        Replay::Known(receipt) => Ok(Json(ReceiptBody::from(&receipt)).into_response()),
        Replay::Rejected { reason, errors } => {
            let (kind, detail) = match reason {
                Reason::Conflict => (
                    Kind::Conflict,
                    "Another event was recorded under this event_id; the item stays in the quarantine.",
                ),
                _ => (
                    Kind::Invalid,
                    "The event cannot become an entry; the item stays in the quarantine as it is.",
                ),
            };
            Err(Problem::new(kind, detail)
                .member("quarantine_id", id.to_string().into())
                .member("reason", reason.as_str().into())
                .faults(errors.into_iter().map(|e| Fault::at(e.pointer, e.detail))))
        }
        Replay::Gone => Err(Problem::not_found()),
    }
}
