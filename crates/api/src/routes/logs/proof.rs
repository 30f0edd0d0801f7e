//! `GET /api/v1/logs/{id}/proof`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::EntryId;
use custody_ledger::InclusionProof;
use serde::Serialize;
use utoipa::ToSchema;

use super::readable;
use crate::{App, Permit, extract::Id, problem::Problem};

/// That an entry stands at its place in the tenant's log (RFC 6962, section 2.1.1).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProofBody {
    /// The entry's `seq`.
    leaf_index: u64,
    /// The checkpoint's.
    tree_size: u64,
    /// In hexadecimal, as all hashes here.
    leaf_hash: String,
    /// Nearest to the leaf first.
    hashes: Vec<String>,
    /// The signed note whose root the hashes lead to.
    checkpoint: String,
}

/// Prove an entry
///
/// The hashes that lead from the entry's leaf to the root of a signed checkpoint. Whoever has the
/// entry, this answer and the log's key needs nothing more to verify it. An entry that was just
/// written waits up to two seconds for its checkpoint; then the answer is 503, to be asked again.
#[utoipa::path(
    get, path = "/api/v1/logs/{id}/proof", operation_id = "getProof", tag = "entries",
    params(("id" = uuid::Uuid, Path, description = "The entry's id.")),
    responses((status = 200, description = "The proof.", body = ProofBody))
)]
pub(crate) async fn get_proof(
    permit: Permit<op::GetProof>,
    State(app): State<App>,
    Id(id): Id<EntryId>,
) -> Result<Json<ProofBody>, Problem> {
    let entry = app.ledger.get(&permit, id).await?.ok_or_else(Problem::not_found)?;
    let what = readable(&permit, &entry)?;
    let (checkpoint, proof) = app.ledger.prove(&permit, entry.seq, entry.leaf_hash).await?;
    app.told(&permit, what, 1);
    Ok(Json(ProofBody::of(&proof, checkpoint.note)))
}

impl ProofBody {
    /// `checkpoint`: its note.
    pub(crate) fn of(proof: &InclusionProof, checkpoint: String) -> Self {
        Self {
            leaf_index: proof.leaf_index,
            tree_size: proof.tree_size,
            leaf_hash: hex::encode(proof.leaf_hash),
            hashes: proof.hashes.iter().map(hex::encode).collect(),
            checkpoint,
        }
    }
}
