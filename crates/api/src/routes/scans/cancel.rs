//! `POST /api/v1/scans/{id}/cancel`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::{ScanId, ScanStatus};
use custody_store::{
    jobs::{self, Cancelled},
    scans,
};

use super::{get, shapes::ScanBody};
use crate::{
    App, Permit,
    extract::Id,
    problem::{Kind, Problem, ProblemBody},
};

/// Cancel a scan
///
/// One that waits is cancelled at once. Of one that runs the processes are ended, within a second; what
/// was found is kept. Cancelling twice is no error.
#[utoipa::path(
    post, path = "/api/v1/scans/{id}/cancel", operation_id = "cancelScan", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan.")),
    responses(
        (status = 200, description = "It is cancelled, or will be. As it is now.", body = ScanBody),
        (status = 409, description = "It has ended otherwise.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel_scan(
    permit: Permit<op::CancelScan>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
) -> Result<Json<ScanBody>, Problem> {
    let scan = get::now(&app, &permit, id).await?;
    let too_late = || Problem::new(Kind::Conflict, "The scan has ended.");
    match (scan.status, scan.job_id) {
        (ScanStatus::Cancelled, _) => return Ok(Json(scan.try_into()?)),
        (ScanStatus::Completed | ScanStatus::Failed, _) => return Err(too_late()),
        (_, Some(job)) => match jobs::cancel(&app.store, &permit, job).await? {
            Cancelled::Asked(_) => {}
            Cancelled::Ended(_) => return Err(too_late()),
        },
        // An import, whose own request ends when it sees this.
        (_, None) => {
            let mut tx = app.store.tenant_tx(&permit).await?;
            scans::cancel_import(&mut tx, &permit, id).await?;
            tx.commit().await?;
        }
    }
    Ok(Json(get::now(&app, &permit, id).await?.try_into()?))
}
