//! One stream of the changes of a job or a scan, once its connection is a WebSocket.

use std::time::Duration;

use axum::{
    extract::{
        FromRef as _,
        ws::{Message, WebSocket, WebSocketUpgrade, close_code, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use custody_auth::Named;
use custody_domain::TenantId;
use serde::{Deserialize, Serialize};
use tokio::time;
use tokio_util::task::task_tracker::TaskTrackerToken;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    App, Permit,
    app::Gate,
    problem::{Kind, Problem},
    socket::{End, Socket},
    streams::Stream,
    version_watch::{Seen, Versioned, Watching},
    watched_permit::WatchedPermit,
};

/// Of what a client sends: it has nothing to say but pong and goodbye.
const MESSAGE_BYTES_MAX: usize = 4096;
/// A reader that takes no message for so long is cut off.
const SEND_TIME_MAX: Duration = Duration::from_secs(10);
/// After a snapshot could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// What is sent at each change: the same as polling answers.
pub(crate) trait Snapshot: Serialize + Send + Sync + Sized + 'static {
    /// The stream's.
    type Operation: Named;
    type Row: Versioned;
    /// What a client is told at the end, …
    const ENDED: &'static str;
    /// … and where it is there no more.
    const GONE: &'static str;

    /// As it is now.
    fn now(
        app: &App,
        permit: &Permit<Self::Operation>,
        id: Uuid,
    ) -> impl Future<Output = Result<Self, Problem>> + Send;

    fn version(&self) -> u64;

    /// Nothing of it changes any more.
    fn has_ended(&self) -> bool;
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamParameters {
    /// Of `POST /api/v1/auth/ticket`, in the place of the `Authorization` header, which a browser
    /// cannot send here.
    #[expect(dead_code, reason = "the permit has read it")]
    ticket: Option<String>,
    /// Nothing is sent until `version` is greater: to go on after a broken connection.
    after_version: Option<u64>,
}

/// Answers that the stream begins, and sends it. `watch` hears of the row's changes.
pub(crate) async fn open<S: Snapshot>(
    app: App,
    permit: Permit<S::Operation>,
    id: Uuid,
    parameters: StreamParameters,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    watch: impl FnOnce(&App, TenantId) -> Watching<S::Row>,
) -> Result<Response, Problem> {
    // Before anything is said about how it is asked for: whether it is there is for its tenant alone.
    let first = S::now(&app, &permit, id).await?;
    let upgrade = upgrade.map_err(|rejection| {
        Problem::new(Kind::BadRequest, "Open a WebSocket here (RFC 6455).").caused_by(rejection)
    })?;
    let stream = SnapshotStream {
        place: app.edge.job_streams.begin(permit.tenant())?,
        watching: watch(&app, permit.tenant()),
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

struct SnapshotStream<S: Snapshot> {
    app: App,
    permit: WatchedPermit<S::Operation>,
    id: Uuid,
    watching: Watching<S::Row>,
    /// As it was when the client asked.
    first: S,
    /// The client has this version.
    sent: u64,
    place: Stream,
    running: TaskTrackerToken,
}

impl<S: Snapshot> SnapshotStream<S> {
    const ENDED: End = End::Close(close_code::NORMAL, S::ENDED);

    async fn run(mut self, socket: WebSocket) {
        let mut socket = Socket::new(socket, SEND_TIME_MAX);
        let end = self.until_end(&mut socket).await;
        socket.end(end).await;
        let tenant = self.permit.permit().tenant();
        tracing::debug!(tenant.id = %tenant, stream.of = %self.id, "a stream has ended");
        drop((self.place, self.running));
    }

    async fn until_end(&mut self, socket: &mut Socket) -> End {
        let stop = self.app.stop.clone();
        if self.first.version() > self.sent
            && let Err(end) = send(socket, &self.first).await
        {
            return end;
        }
        if self.first.has_ended() {
            return Self::ENDED;
        }
        self.sent = self.sent.max(self.first.version());
        loop {
            let done = tokio::select! {
                () = stop.cancelled() => return End::Close(close_code::AWAY, "the server stops"),
                seen = self.watching.past(self.sent) => self.tell(socket, seen).await,
                // It has nothing to say but goodbye.
                heard = socket.heard() => heard.map(drop),
                () = self.permit.due() => self.permit.check().await.map(drop),
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn tell(&mut self, socket: &mut Socket, seen: Seen) -> Result<(), End> {
        let gone = End::Close(close_code::NORMAL, S::GONE);
        if seen == Seen::Gone {
            return Err(gone);
        }
        let snapshot = match S::now(&self.app, self.permit.permit(), self.id).await {
            Ok(snapshot) => snapshot,
            Err(problem) if problem.is_not_found() => return Err(gone),
            Err(_) => {
                time::sleep(PAUSE).await;
                return Ok(());
            }
        };
        send(socket, &snapshot).await?;
        self.sent = snapshot.version();
        if snapshot.has_ended() { Err(Self::ENDED) } else { Ok(()) }
    }
}

async fn send(socket: &mut Socket, snapshot: &impl Serialize) -> Result<(), End> {
    let text = serde_json::to_string(snapshot).map_err(|_| End::Broken)?;
    socket.send([Message::Text(text.into())]).await
}
