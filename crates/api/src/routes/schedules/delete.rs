//! `DELETE /api/v1/schedules/{name}`

use axum::extract::{Path, State};
use custody_auth::op;
use custody_queue::Job as _;
use custody_scans::job::ScheduledScan;
use custody_store::schedules;
use http::StatusCode;

use super::set::is_name;
use crate::{App, Permit, problem::Problem};

/// Delete a schedule of scans
///
/// Its scans stay. Those of the program itself cannot be deleted.
#[utoipa::path(
    delete, path = "/api/v1/schedules/{name}", operation_id = "deleteSchedule", tag = "scans",
    params(("name" = String, Path, description = "The schedule's name.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_schedule(
    permit: Permit<op::DeleteSchedule>,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    if !is_name(&name) {
        return Err(Problem::not_found());
    }
    schedules::delete(&app.store, &permit, &name, ScheduledScan::KIND).await?;
    Ok(StatusCode::NO_CONTENT)
}
