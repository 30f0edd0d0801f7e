//! `GET /api/v1/findings/{id}/causes`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_domain::FindingId;
use custody_ingest::reads::What;
use custody_ledger::{InclusionProof, tree::KeptCheckpoint};
use custody_scans::causes::{self, Cause, Causes, CausesAsked};
use http::{HeaderValue, Uri, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shapes::ResourceBody;
use crate::{
    App, Permit,
    extract::{Id, Parameters},
    page::{link, up_to},
    problem::Problem,
    routes::logs::{
        proof::ProofBody,
        shapes::{Entry, StoppedEarly},
    },
};

const LIMIT_DEFAULT: u32 = 20;
const LIMIT_MAX: u32 = 100;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CausesParameters {
    /// Entries of a page: 1 to 100, 20 if not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with everything else as it was.
    cursor: Option<String>,
    /// Also entries that changed nothing: reads, and the daily use of what is there.
    #[serde(default)]
    reads: bool,
}

/// Entries that touched what a finding is of before it began to fail, the likeliest cause first.
#[derive(ToSchema)]
#[schema(as = FindingCauses)]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) struct CausesBody {
    finding: CausedBody,
    window: WindowBody,
    items: Vec<CauseBody>,
    next_cursor: Option<String>,
    /// As of a page of entries.
    stopped: Option<StoppedEarly>,
}

/// The finding whose causes are asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CausedFinding)]
pub(crate) struct CausedBody {
    #[schema(value_type = Uuid)]
    id: FindingId,
    check_id: String,
    resource: ResourceBody,
    /// When it was first seen to fail, of the failures that no other verdict stands between. Null where it does
    /// not fail.
    failing_since: Option<DateTime<Utc>>,
    /// When it was last seen to pass before that.
    last_passed_at: Option<DateTime<Utc>>,
}

/// When the cause is likeliest to lie: after it was last seen to pass, where it was, and no later than it was
/// first seen to fail. Nothing later is answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CauseWindow)]
pub(crate) struct WindowBody {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

/// An entry, and why it stands where it does.
#[derive(ToSchema)]
#[schema(as = FindingCause)]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) struct CauseBody {
    /// 0 to 100: the sum of the reasons' points.
    score: u32,
    reasons: Vec<ReasonBody>,
    entry: Entry,
    /// As of `GET /api/v1/logs/{id}/proof`; all of one answer lead to one checkpoint.
    proof: Option<ProofBody>,
    /// There is no proof yet, because the entry is newer than the newest checkpoint: ask again.
    proof_pending: bool,
}

/// A reason why an entry is ranked so (docs/causes.md).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CauseReason)]
pub(crate) struct ReasonBody {
    /// What it names the resource by: `uid`, `name`, `id`, `parameter`. `fits_check`, `change`, `window`,
    /// `within_1h`, `within_1d`, `within_7d`, `within_30d`, `succeeded`, `outcome_unknown`, `failed`.
    #[schema(example = "fits_check")]
    reason: &'static str,
    /// Below 0 where it speaks against it.
    points: i32,
}

/// List what caused a finding
///
/// The entries that touched the finding's resource (by its ARN, its name, the id within the ARN, or among the
/// parameters) before it began to fail, the likeliest cause first, each with its proof. The last 1,000 received
/// are ranked against each other; `next_cursor` leads on, at last to those received before. Of a finding that
/// does not fail there are none.
#[utoipa::path(
    get, path = "/api/v1/findings/{id}/causes", operation_id = "getFindingCauses", tag = "findings",
    params(("id" = uuid::Uuid, Path, description = "The finding."), CausesParameters),
    responses((status = 200, description = "A page of causes.", body = CausesBody))
)]
pub(crate) async fn get_finding_causes(
    permit: Permit<op::GetFindingCauses>,
    State(app): State<App>,
    Id(id): Id<FindingId>,
    uri: Uri,
    Parameters(parameters): Parameters<CausesParameters>,
) -> Result<Response, Problem> {
    let limit = up_to(LIMIT_MAX, "limit", parameters.limit.unwrap_or(LIMIT_DEFAULT))?;
    let limit = usize::try_from(limit).map_err(Problem::internal)?;
    let asked = CausesAsked { limit, cursor: parameters.cursor, reads: parameters.reads };
    let causes = causes::causes(&app.store, &*app.search, &permit, id, asked, app.now()).await?;
    let leaves: Vec<_> = causes.items.iter().map(|cause| (cause.entry.seq, cause.entry.leaf_hash)).collect();
    let proofs = if leaves.is_empty() { None } else { Some(app.ledger.prove_each(&permit, &leaves).await?) };
    app.told(&permit, What::Query(&causes.asked), causes.items.len() as u64);
    answer(&uri, causes, proofs)
}

fn answer(
    uri: &Uri,
    causes: Causes,
    proofs: Option<(KeptCheckpoint, Vec<Option<InclusionProof>>)>,
) -> Result<Response, Problem> {
    let (note, proofs) =
        proofs.map_or_else(Default::default, |(checkpoint, proofs)| (checkpoint.note, proofs));
    let failing_since = causes.failing.map(|failing| failing.since);
    let last_passed_at = causes.failing.and_then(|failing| failing.passed_at);
    let finding = causes.finding;
    let (id, check_id) = (finding.id, finding.check_id);
    let resource = ResourceBody::of(finding.resource, finding.region, finding.service);
    let mut body = b"{\"finding\":".to_vec();
    let finding = CausedBody { id, check_id, resource, failing_since, last_passed_at };
    json(&finding, &mut body)?;
    body.extend_from_slice(b",\"window\":");
    json(&WindowBody { from: last_passed_at, to: failing_since }, &mut body)?;
    body.extend_from_slice(b",\"items\":[");
    for (at, cause) in causes.items.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        let proof = proofs.get(at).and_then(Option::as_ref);
        item(cause, proof.map(|proof| ProofBody::of(proof, note.clone())).as_ref(), &mut body)?;
    }
    body.extend_from_slice(b"],\"next_cursor\":");
    json(&causes.next_cursor, &mut body)?;
    body.extend_from_slice(b",\"stopped\":");
    let stopped = causes.stopped.map(|s| StoppedEarly { reason: s.reason.as_str(), scanned: s.scanned });
    json(&stopped, &mut body)?;
    body.push(b'}');
    let json = HeaderValue::from_static("application/json");
    let mut response = ([(header::CONTENT_TYPE, json)], body).into_response();
    if let Some(link) = link(uri, "next", causes.next_cursor.as_deref()) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// The entry's canonical bytes, spliced in as everywhere.
fn item(cause: &Cause, proof: Option<&ProofBody>, body: &mut Vec<u8>) -> Result<(), Problem> {
    let reasons = cause.reasons.iter();
    let reasons: Vec<_> =
        reasons.map(|(reason, points)| ReasonBody { reason: reason.as_str(), points: *points }).collect();
    body.extend_from_slice(b"{\"score\":");
    json(&cause.score, body)?;
    body.extend_from_slice(b",\"reasons\":");
    json(&reasons, body)?;
    body.extend_from_slice(b",\"entry\":");
    cause.entry.write_json(body);
    body.extend_from_slice(b",\"proof\":");
    json(&proof, body)?;
    body.extend_from_slice(b",\"proof_pending\":");
    json(&proof.is_none(), body)?;
    body.push(b'}');
    Ok(())
}

fn json(value: &impl Serialize, body: &mut Vec<u8>) -> Result<(), Problem> {
    serde_json::to_writer(body, value).map_err(Problem::internal)
}
