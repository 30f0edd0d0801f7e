//! `POST /api/v1/logs/bulk`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    Json,
    extract::{Request, State},
};
use custody_auth::op;
use custody_domain::QuarantineId;
use custody_ingest::{
    Format, ItemResult,
    split::{Framing, SplitError, SplitErrorKind, split},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{create::ReceiptBody, shapes::NewEntry};
use crate::{
    App, Permit,
    extract::{MediaType, Parameters, body, media_type},
    problem::{Fault, Kind, Problem},
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
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
    /// Not taken, and not kept: send these again later.
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
    /// It was not taken, and not kept.
    Retry { detail: String },
}

/// Record many events
///
/// A JSON array, CloudTrail's `{"Records": […]}`, or one JSON object a line; gzip and zstd are
/// understood. Never all or nothing: each event is accepted, known already, quarantined, or to be
/// sent again, and the answer says which, in the order sent. It is written after the whole body was
/// read. A body whose items cannot be told apart is refused as a whole, and nothing of it is kept.
#[utoipa::path(
    post, path = "/api/v1/logs/bulk", operation_id = "createEntries", tag = "entries",
    params(BulkParameters),
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
    request: Request,
) -> Result<Json<BulkAnswer>, Problem> {
    let framing = match media_type(request.headers(), &[MediaType::Json, MediaType::NdJson])? {
        MediaType::Json => Framing::Auto,
        MediaType::NdJson => Framing::Lines,
    };
    let format = parameters.format()?;
    let body = body::read(request, &app.edge, app.edge.config.body_bytes_max).await?;
    let items = split(&body.bytes, framing, format).map_err(|error| refused(&error))?;
    let results = app.ingest.submit(&permit, format, items).await?;
    Ok(Json(results.into_iter().collect()))
}

impl BulkParameters {
    fn format(&self) -> Result<Format, Problem> {
        let text = self.format.as_deref().unwrap_or("auto");
        text.parse().map_err(|error| Problem::bad_parameter("format", format!("{error}")))
    }
}

impl FromIterator<ItemResult> for BulkAnswer {
    fn from_iter<I: IntoIterator<Item = ItemResult>>(results: I) -> Self {
        results.into_iter().fold(Self::default(), |mut answer, result| {
            let (count, item) = match result {
                ItemResult::Accepted(receipt) => {
                    (&mut answer.accepted, BulkItem::Accepted((&receipt).into()))
                }
                ItemResult::Duplicate(receipt) => {
                    (&mut answer.duplicate, BulkItem::Duplicate((&receipt).into()))
                }
                ItemResult::Quarantined(item) => (
                    &mut answer.quarantined,
                    BulkItem::Quarantined {
                        quarantine_id: item.id,
                        reason: item.reason.as_str().to_owned(),
                        errors: item.errors.into_iter().map(|v| Fault::at(v.pointer, v.detail)).collect(),
                    },
                ),
                ItemResult::Retry { detail } => {
                    (&mut answer.retry, BulkItem::Retry { detail: detail.to_string() })
                }
            };
            *count += 1;
            answer.items.push(item);
            answer
        })
    }
}

fn refused(error: &SplitError) -> Problem {
    let detail = error.to_string();
    if error.kind == SplitErrorKind::TooMany {
        return Problem::new(Kind::TooLarge, format!("The body cannot be taken: {detail}."));
    }
    let fault = Fault { offset: Some(error.offset), ..Fault::at("", detail) };
    Problem::new(Kind::MalformedJson, "The body's items cannot be told apart; nothing of it was kept.")
        .fault(fault)
}
