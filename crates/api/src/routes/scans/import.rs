//! `POST /api/v1/scans/import`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use std::io;

use axum::{
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use custody_auth::{Scope, op};
use custody_domain::ScanId;
use custody_scans::{
    finding::Context,
    import::{Bounds, Import, Report},
    imported::Imported,
};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio_util::io::StreamReader;
use utoipa::{IntoParams, ToSchema};

use super::{get, shapes::ScanBody, update::checked_name};
use crate::{
    App, Permit,
    extract::{
        Parameters, body::declared_length, decoded::Decoded, encoding::Encoding, frames::Frames, halt::Halt,
    },
    problem::{Kind, Problem, ProblemBody},
    routes::created::created,
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportParameters {
    /// What to call the scan.
    name: Option<String>,
    /// Of findings that do not say it themselves: `aws`, …
    provider: Option<String>,
    /// The same.
    account: Option<String>,
}

/// What became of the file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportBody {
    scan: ScanBody,
    /// `kept`, `known` (to the letter, once more), `collisions` (other findings of the same uid, kept apart),
    /// `refused` with the first `refusals`, `by_status`, `by_severity`, and `broken` where the file could be
    /// read no further.
    #[schema(value_type = Object)]
    report: Report,
}

/// Import findings
///
/// Of a Prowler run elsewhere, as a scan of its own: OCSF (a JSON array, or a finding a line), Prowler's CSV,
/// ASFF, SARIF; plain, gzip or zstd; each told by what it looks like. The body is worked on as it comes.
/// What is no finding is told by its place, and costs no other; what was kept before a file breaks off stays
/// kept, and the scan is `failed`.
#[utoipa::path(
    post, path = "/api/v1/scans/import", operation_id = "importScan", tag = "scans",
    params(ImportParameters),
    request_body(content = String, content_type = "application/octet-stream", description = "The file."),
    responses(
        (status = 201, description = "The scan, and what became of the file.", body = ImportBody),
        (status = 409, description = "The scan was cancelled or deleted meanwhile.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn import_scan(
    permit: Permit<op::ImportScan>,
    State(app): State<App>,
    Parameters(parameters): Parameters<ImportParameters>,
    request: Request,
) -> Result<Response, Problem> {
    let name = parameters.name.map(checked_name).transpose()?;
    let encoding = Encoding::of(request.headers())?;
    let config = &app.edge.config;
    let limit = config.bulk_bytes_max;
    if declared_length(&request).is_some_and(|length| length > limit) {
        return Err(Halt::TooLarge { limit }.into());
    }
    let frames = Frames::new(request.into_body(), config.read_timeout);
    let context = Context { provider: parameters.provider, account: parameters.account, seen_at: app.now() };
    let import =
        Import::start(reader(Decoded::new(frames, encoding, limit)), context, Bounds { bytes_max: limit });
    let imported = app.scans.import(&permit, name, import).await?;
    answer(&app, &permit, imported).await
}

async fn answer(app: &App, permit: &Scope, imported: Imported) -> Result<Response, Problem> {
    match imported {
        Imported::Nothing(report) => {
            let problem = Problem::new(Kind::Invalid, "There is no finding in it.");
            let report = serde_json::to_value(report).map_err(Problem::internal)?;
            Err(problem.member("report", report))
        }
        Imported::Interrupted(scan) => {
            let detail = "The scan was cancelled or deleted while it was imported.";
            Err(Problem::new(Kind::Conflict, detail).member("scan_id", scan.to_string().into()))
        }
        Imported::Kept { scan, report } => {
            let scan: ScanId = scan;
            let body = ImportBody { scan: get::now(app, permit, scan).await?.try_into()?, report };
            Ok(created(format!("/api/v1/scans/{scan}"), &body))
        }
    }
}

/// What breaks off is an error to who reads, whose words are the answer's.
fn reader(body: Decoded) -> StreamReader<stream::BoxStream<'static, io::Result<Bytes>>, Bytes> {
    let pieces = stream::unfold(Some(body), async |body| {
        let mut body = body?;
        match body.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(body))),
            Ok(None) => None,
            Err(halt) => Some((Err(io::Error::other(halt.to_string())), None)),
        }
    });
    StreamReader::new(pieces.boxed())
}
