//! `WS /api/v1/scans/{id}/stream`

use axum::{
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use custody_auth::op;
use custody_domain::{ScanId, TenantId};
use uuid::Uuid;

use super::{get, shapes::StatusBody};
use crate::{
    App, Permit,
    extract::{Id, Parameters},
    permit::TicketPermit,
    problem::Problem,
    snapshot_stream::{self, Snapshot, StreamParameters},
};

/// Follow a scan
///
/// A WebSocket. Each message is what `GET /api/v1/scans/{id}/status` answers: once on connecting, and
/// whenever it has changed, at most 20 times a second; what changes faster is sent as it is then.
/// After the scan's end was sent the server closes with 1000; the other codes, pings and bounds are those of
/// `GET /api/v1/jobs/{id}/stream`.
#[utoipa::path(
    get, path = "/api/v1/scans/{id}/stream", operation_id = "streamScan", tag = "scans",
    params(("id" = Uuid, Path, description = "The scan."), StreamParameters),
    responses((status = 101, description = "The stream begins: text messages, each how far the scan is.", body = StatusBody))
)]
pub(crate) async fn stream_scan(
    TicketPermit(permit): TicketPermit<op::StreamScan>,
    State(app): State<App>,
    Id(id): Id<Uuid>,
    Parameters(parameters): Parameters<StreamParameters>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    snapshot_stream::open::<StatusBody>(app, permit, id, parameters, upgrade, |app, tenant| {
        app.scan_watch.watch((tenant, ScanId(id)))
    })
    .await
}

impl Snapshot for StatusBody {
    type Operation = op::StreamScan;
    type Row = (TenantId, ScanId);
    const ENDED: &'static str = "the scan has ended";
    const GONE: &'static str = "the scan is gone";

    async fn now(app: &App, permit: &Permit<op::StreamScan>, id: Uuid) -> Result<Self, Problem> {
        get::now(app, permit, ScanId(id)).await?.try_into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn has_ended(&self) -> bool {
        self.ended_at.is_some()
    }
}
