//! `WS /api/v1/jobs/{id}/stream`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    extract::{
        FromRef as _, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use custody_auth::op;
use custody_store::jobs::JobId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{get, shapes::JobBody};
use crate::{
    App,
    app::Gate,
    extract::{Id, Parameters},
    job_stream::JobStream,
    permit::TicketPermit,
    problem::{Kind, Problem},
    watched_permit::WatchedPermit,
};

/// Of what a client sends: it has nothing to say but pong and goodbye.
const MESSAGE_BYTES_MAX: usize = 4096;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamParameters {
    /// Of `POST /api/v1/auth/ticket`, in the place of the `Authorization` header, which a browser
    /// cannot send here.
    #[expect(dead_code, reason = "the permit has read it")]
    ticket: Option<String>,
    /// Nothing is sent until the job's `version` is greater: to go on after a broken connection.
    after_version: Option<u64>,
}

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
    // Before anything is said about how it is asked for: whether it is there is for its tenant alone.
    let first = get::now(&app, &permit, id).await?;
    let upgrade = upgrade.map_err(|rejection| {
        Problem::new(Kind::BadRequest, "Open a WebSocket here (RFC 6455).").caused_by(rejection)
    })?;
    let stream = JobStream {
        place: app.edge.job_streams.begin(permit.tenant())?,
        watching: app.job_watch.watch(JobId { tenant: permit.tenant(), id }),
        running: app.detached.token(),
        first,
        sent: parameters.after_version.unwrap_or(0),
        permit: WatchedPermit::new(permit, Gate::from_ref(&app)),
        app,
        id,
    };
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(|socket| stream.run(socket)))
}
