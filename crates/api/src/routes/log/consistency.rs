//! `GET /api/v1/log/consistency`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{Json, extract::State};
use custody_auth::op;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{App, Permit, extract::Parameters, problem::Problem};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConsistencyParameters {
    /// The earlier size.
    from: Option<u64>,
    /// The later size; that of the newest checkpoint if not given.
    to: Option<u64>,
}

/// That the log of one size is the beginning of that of another (RFC 6962, section 2.1.2).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsistencyBody {
    from: u64,
    to: u64,
    /// In hexadecimal, as all hashes here.
    from_root: String,
    to_root: String,
    hashes: Vec<String>,
}

/// Prove that the log only grew
///
/// The proof that nothing of the first `from` entries was changed, taken out or put in between until
/// there were `to`. Hashes and sizes only.
#[utoipa::path(
    get, path = "/api/v1/log/consistency", operation_id = "getConsistency", tag = "log",
    params(ConsistencyParameters),
    responses((status = 200, description = "The proof.", body = ConsistencyBody))
)]
pub(crate) async fn get_consistency(
    permit: Permit<op::GetConsistency>,
    State(app): State<App>,
    Parameters(parameters): Parameters<ConsistencyParameters>,
) -> Result<Json<ConsistencyBody>, Problem> {
    let size = app.ledger.latest_checkpoint(&permit).await?.size;
    let from = parameters.from.ok_or_else(|| Problem::bad_parameter("from", "is missing"))?;
    let to = parameters.to.unwrap_or(size);
    if to > size {
        return Err(Problem::bad_parameter("to", format!("must be at most {size}, the newest checkpoint's")));
    }
    if from > to {
        return Err(Problem::bad_parameter("from", "must not be above `to`"));
    }
    let proof = app.ledger.consistency_proof(&permit, from, to).await?;
    Ok(Json(ConsistencyBody {
        from,
        to,
        from_root: hex::encode(proof.from_root),
        to_root: hex::encode(proof.to_root),
        hashes: proof.hashes.iter().map(hex::encode).collect(),
    }))
}
