//! `GET /api/v1/log/tile/{path}`

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_proof::Tile;

use super::IMMUTABLE;
use crate::{App, Permit, problem::Problem};

/// Get a tile of the tree
///
/// `<level>/<index>`, as c2sp.org/tlog-tiles writes it (`0/x001/067`, partial: `0/x001/067.p/3`): up
/// to 256 hashes of 32 bytes, of leaves or of the full tiles of the level below. It never changes.
#[utoipa::path(
    get, path = "/api/v1/log/tile/{*path}", operation_id = "getTile", tag = "log",
    params(("path" = String, Path, description = "Level and index of the tile; has slashes in it.")),
    responses((status = 200, description = "The hashes.", body = Vec<u8>, content_type = "application/octet-stream"))
)]
pub(crate) async fn get_tile(
    permit: Permit<op::GetTile>,
    State(app): State<App>,
    path: Path<String>,
) -> Result<Response, Problem> {
    let tile: Tile = path.parse().map_err(|_| Problem::not_found())?;
    Ok((IMMUTABLE, app.ledger.tile(&permit, tile).await?).into_response())
}
