//! `WS /api/v1/jobs/{id}/stream`

use axum::{
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use custody_auth::op;
use custody_store::jobs::JobId;
use uuid::Uuid;

use super::{get, shapes::JobBody};
use crate::{
    App, Permit,
    extract::{Id, Parameters},
    permit::TicketPermit,
    problem::Problem,
    snapshot_stream::{self, Snapshot, StreamParameters},
};

/// Follow a job
///
/// A WebSocket. Each message is the job as `GET /api/v1/jobs/{id}` answers it: once on connecting, and
/// whenever it has changed, at most 20 times a second; what changes faster is sent as it is then.
/// After the job's end was sent the server closes with 1000; with 1001 when it stops, with 4001 when
/// the credential has expired, with 1008 when it is not good any more, and with 4003 when its role may
/// not do this any more. A job that had ended by `after_version` is not sent
/// again. The server pings every 20 s. At most 64 of a tenant, and 1024 of a server, run at once.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/stream", operation_id = "streamJob", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job."), StreamParameters),
    responses((status = 101, description = "The stream begins: text messages, each a job.", body = JobBody))
)]
pub(crate) async fn stream_job(
    TicketPermit(permit): TicketPermit<op::StreamJob>,
    State(app): State<App>,
    Id(id): Id<Uuid>,
    Parameters(parameters): Parameters<StreamParameters>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    snapshot_stream::open::<JobBody>(app, permit, id, parameters, upgrade, |app, tenant| {
        app.job_watch.watch(JobId { tenant, id })
    })
    .await
}

impl Snapshot for JobBody {
    type Operation = op::StreamJob;
    type Row = JobId;
    const ENDED: &'static str = "the job has ended";
    const GONE: &'static str = "the job is gone";

    async fn now(app: &App, permit: &Permit<op::StreamJob>, id: Uuid) -> Result<Self, Problem> {
        get::now(app, permit, id).await
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn has_ended(&self) -> bool {
        self.ended_at.is_some()
    }
}
