//! `GET /api/v1/log/entries`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_proof::stream::MEDIA_TYPE;
use custody_store::reads;
use futures::stream;
use http::{HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    App, Permit,
    extract::Parameters,
    pieces::{PIECE_TIME_MAX, pieces},
    problem::Problem,
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntriesParameters {
    /// `seq` of the first entry; 0 if not given.
    from: Option<u64>,
    /// `seq` after the last one; the log's end if not given.
    to: Option<u64>,
}

/// Read the log as a verifier does
///
/// Every entry from `from` on as it lies in the database, with what its proof is recomputed from:
/// place, leaf hash, typed columns, body with its salt. A binary stream of at most 1,048,576 entries;
/// its last frame says where to go on. Its shape: docs/verify.md. `custody verify --server` reads it.
#[utoipa::path(
    get, path = "/api/v1/log/entries", operation_id = "streamEntries", tag = "log",
    params(EntriesParameters),
    responses((status = 200, description = "The entries.", body = Vec<u8>, content_type = "application/vnd.custody.entries"))
)]
pub(crate) async fn stream_entries(
    permit: Permit<op::StreamEntries>,
    State(app): State<App>,
    Parameters(parameters): Parameters<EntriesParameters>,
) -> Result<Response, Problem> {
    let from = parameters.from.unwrap_or(0);
    if parameters.to.is_some_and(|to| to < from) {
        return Err(Problem::bad_parameter("to", "must not be below `from`"));
    }
    let running = app.edge.log_streams.begin(permit.tenant())?;
    reads::copied(&app.store, &permit, from, parameters.to, app.now()).await?;
    let entries = app.ledger.entry_stream(&permit, from, parameters.to).await?;
    let entries = stream::unfold(entries, async |mut entries| Some((entries.next().await?, entries)));
    let (pieces, body) = pieces(PIECE_TIME_MAX);
    tokio::spawn(async move {
        pieces.hand_on(entries, "a stream of entries").await;
        drop(running);
    });
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))];
    Ok((headers, Body::from_stream(body)).into_response())
}
