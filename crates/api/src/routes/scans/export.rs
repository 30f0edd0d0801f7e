//! `GET /api/v1/scans/{id}/export`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_domain::ScanId;
use custody_objects::media::content_disposition;
use custody_scans::export::{Export, ExportForm};
use custody_store::scans;
use futures::stream;
use http::{HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    App, Permit,
    extract::{Id, Parameters},
    middleware::header_value,
    pieces::{PIECE_TIME_MAX, pieces},
    problem::{Problem, ProblemBody},
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportParameters {
    /// `ocsf` (the default): a JSON array of OCSF Detection Findings. `csv`: Prowler's columns.
    format: Option<String>,
}

/// Export a scan's findings
///
/// In the forms that Prowler writes, in the order in which they came. What was imported in a form comes out
/// in it as it came in. 429 with `Retry-After` where two exports of the tenant run at once.
#[utoipa::path(
    get, path = "/api/v1/scans/{id}/export", operation_id = "exportScan", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan."), ExportParameters),
    responses(
        (status = 200, description = "The file.",
            content((Vec<u8> = "application/json"), (Vec<u8> = "text/csv")),
            headers(("Content-Disposition" = String, description = "`attachment`, with a name."))),
        (status = 429, description = "As many exports of the tenant run as may.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export_scan(
    permit: Permit<op::ExportScan>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
    Parameters(parameters): Parameters<ExportParameters>,
) -> Result<Response, Problem> {
    let (form, media, ending) = match parameters.format.as_deref() {
        None | Some("ocsf") => (ExportForm::Ocsf, "application/json", "ocsf.json"),
        Some("csv") => (ExportForm::Csv, "text/csv; charset=utf-8", "csv"),
        Some(_) => return Err(Problem::bad_parameter("format", "must be one of ocsf, csv")),
    };
    let place = app.edge.exports.begin(permit.tenant())?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    scans::exported(&mut tx, &permit, id, ending).await?;
    tx.commit().await?;
    let export = Export::new(app.store.clone(), (*permit).clone(), id, form);
    let (frames, body) = pieces(PIECE_TIME_MAX);
    tokio::spawn(async move {
        let read = stream::try_unfold(export, async |mut export| {
            Ok::<_, custody_scans::export::ExportError>(export.next().await?.map(|piece| (piece, export)))
        });
        frames.hand_on(read, "an export of findings").await;
        drop(place);
    });
    let name = format!("scan-{id}.{ending}");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CONTENT_DISPOSITION, header_value(&content_disposition(&name))),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}
