//! `GET /api/v1/logs/export`

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_export::{Format, trail};
use custody_objects::media::content_disposition;
use http::{HeaderName, HeaderValue, header};
use http_body_util::StreamBody;
use uuid::Uuid;

use super::{parameters::ExportParameters, pump, requested};
use crate::{
    App, Permit,
    extract::Parameters,
    middleware::{IsPacked, header_value},
    pieces::{PIECE_TIME_MAX, pieces},
    problem::{Problem, ProblemBody},
    routes::logs::filters::FilterParameters,
};

/// The header that names the export, under which the log tells of it.
const EXPORT_ID: HeaderName = HeaderName::from_static("custody-export-id");

/// Export entries
///
/// All entries that all filters match, of the log as it is when the export begins, oldest first, as one
/// file. It ends with its manifest: in NDJSON and JSON the last element, in Parquet the metadata
/// `custody_export` of the footer; and for every format the HTTP trailer `Custody-Export` (of who sends
/// `TE: trailers`) and the entry `custody.log.export_ended`, by which a file can be told from a part of
/// one (docs/export.md). That somebody exports is in the log before the first byte is sent. Holders of the
/// role `user` export what they recorded themselves. 429 with `Retry-After` where two exports of the
/// tenant run at once.
#[utoipa::path(
    get, path = "/api/v1/logs/export", operation_id = "exportEntries", tag = "entries",
    params(ExportParameters, FilterParameters),
    responses(
        (status = 200, description = "The file.",
            content((Vec<u8> = "application/x-ndjson"), (Vec<u8> = "application/json"), (Vec<u8> = "text/csv"),
                (Vec<u8> = "application/vnd.apache.parquet"), (Vec<u8> = "application/gzip"), (Vec<u8> = "application/zstd")),
            headers(
                ("Custody-Export-Id" = String, description = "The export's id: `resource.id` of its entries in the log."),
                ("Content-Disposition" = String, description = "`attachment`, with a name."),
                ("Trailer" = String, description = "`Custody-Export`, a JSON object: `entries`, `first_seq`, `last_seq`, `tree_size`, `bytes`, `sha256`."),
            )),
        (status = 429, description = "As many exports of the tenant run as may.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export_entries(
    permit: Permit<op::ExportEntries>,
    State(app): State<App>,
    Parameters(parameters): Parameters<ExportParameters>,
    Parameters(filters): Parameters<FilterParameters>,
) -> Result<Response, Problem> {
    let request = requested(&app, &permit, (&parameters, &filters), Uuid::now_v7()).await?;
    let place = app.edge.exports.begin(permit.tenant())?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    trail::begun(&mut tx, &request).await?;
    tx.commit().await?;
    let export = app.exports.begin(request.clone());
    let (frames, body) = pieces(PIECE_TIME_MAX);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(request.media_type())),
        (header::CONTENT_DISPOSITION, header_value(&content_disposition(&request.file_name()))),
        (header::TRAILER, HeaderValue::from_static(pump::TRAILER)),
        (EXPORT_ID, header_value(&request.id.to_string())),
    ];
    let is_packed = request.format == Format::Parquet || request.compression.media_type().is_some();
    tokio::spawn(pump::run(app.store.clone(), request, export, frames, place));
    let mut response = (headers, Body::new(StreamBody::new(body))).into_response();
    if is_packed {
        response.extensions_mut().insert(IsPacked);
    }
    Ok(response)
}
