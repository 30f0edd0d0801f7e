//! `GET /api/v1/scans/{id}/log`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_domain::ScanId;
use custody_store::scans;
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    App, Permit,
    extract::{Id, Parameters},
    problem::Problem,
};

/// Pieces that are answered at once; a scan keeps no more.
const PIECES_MAX: u32 = 1000;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogParameters {
    /// The number of pieces that a client has already: `Custody-Next-Piece` of its last answer.
    from: Option<u32>,
}

/// Get a scan's log
///
/// What the engine wrote to its standard error, as text; at most 1 MiB is kept. `Custody-Next-Piece` is
/// what to ask with as `from` for what comes after.
#[utoipa::path(
    get, path = "/api/v1/scans/{id}/log", operation_id = "getScanLog", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan."), LogParameters),
    responses((status = 200, description = "Lines of text.", body = String, content_type = "text/plain",
        headers(("Custody-Next-Piece" = u32, description = "For `from`."))))
)]
pub(crate) async fn get_scan_log(
    permit: Permit<op::GetScanLog>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
    Parameters(parameters): Parameters<LogParameters>,
) -> Result<Response, Problem> {
    let from = parameters.from.unwrap_or(0);
    let mut tx = app.store.tenant_tx(&permit).await?;
    scans::get(&mut tx, id).await?;
    let pieces = scans::log::read(&mut tx, id, from, PIECES_MAX).await?;
    tx.commit().await?;
    let next = from.saturating_add(u32::try_from(pieces.len()).unwrap_or(PIECES_MAX));
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::HeaderName::from_static("custody-next-piece"), next.to_string()),
    ];
    Ok((headers, pieces.concat()).into_response())
}
