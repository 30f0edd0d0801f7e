//! `GET /api/v1/log/tile/entries/{path}`

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_proof::tile::parse_entries_path;

use super::IMMUTABLE;
use crate::{App, Permit, problem::Problem};

/// Get the leaf data of a tile's entries
///
/// `<index>`, as c2sp.org/tlog-tiles writes it (`x001/067`, partial: `x001/067.p/3`): for each of up
/// to 256 entries its length (u16, big-endian) and its leaf data (docs/proofs.md, section 4): ids and
/// the hash of its content, never the content. It never changes.
#[utoipa::path(
    get, path = "/api/v1/log/tile/entries/{*path}", operation_id = "getEntriesTile", tag = "log",
    params(("path" = String, Path, description = "Index of the tile; has slashes in it.")),
    responses((status = 200, description = "The bundle.", body = Vec<u8>, content_type = "application/octet-stream"))
)]
pub(crate) async fn get_entries_tile(
    permit: Permit<op::GetEntriesTile>,
    State(app): State<App>,
    path: Path<String>,
) -> Result<Response, Problem> {
    let (index, width) = parse_entries_path(&path).map_err(|_| Problem::not_found())?;
    Ok((IMMUTABLE, app.ledger.entries_tile(&permit, index, width).await?).into_response())
}
