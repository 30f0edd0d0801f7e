//! One stream of a job's changes, once its connection is a WebSocket.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, close_code};
use custody_auth::op;
use tokio::time;
use tokio_util::task::task_tracker::TaskTrackerToken;
use uuid::Uuid;

use crate::{
    App,
    job_watch::{Seen, Watching},
    routes::jobs::{get, shapes::JobBody},
    socket::{End, Socket},
    streams::Stream,
    watched_permit::WatchedPermit,
};

/// A reader that takes no message for so long is cut off.
const SEND_TIME_MAX: Duration = Duration::from_secs(10);
/// After a snapshot could not be read.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct JobStream {
    pub(crate) app: App,
    pub(crate) permit: WatchedPermit<op::StreamJob>,
    pub(crate) id: Uuid,
    pub(crate) watching: Watching,
    /// As it was when the client asked.
    pub(crate) first: JobBody,
    /// The client has this version.
    pub(crate) sent: u64,
    pub(crate) place: Stream,
    pub(crate) running: TaskTrackerToken,
}

const ENDED: End = End::Close(close_code::NORMAL, "the job has ended");

impl JobStream {
    pub(crate) async fn run(mut self, socket: WebSocket) {
        let mut socket = Socket::new(socket, SEND_TIME_MAX);
        let end = self.until_end(&mut socket).await;
        socket.end(end).await;
        let tenant = self.permit.permit().tenant();
        tracing::debug!(tenant.id = %tenant, job.id = %self.id, "a stream has ended");
        drop((self.place, self.running));
    }

    async fn until_end(&mut self, socket: &mut Socket) -> End {
        let stop = self.app.stop.clone();
        if self.first.version > self.sent
            && let Err(end) = send(socket, &self.first).await
        {
            return end;
        }
        if self.first.ended_at.is_some() {
            return ENDED;
        }
        self.sent = self.sent.max(self.first.version);
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
        let gone = End::Close(close_code::NORMAL, "the job is gone");
        if seen == Seen::Gone {
            return Err(gone);
        }
        let job = match get::now(&self.app, self.permit.permit(), self.id).await {
            Ok(job) => job,
            Err(problem) if problem.is_not_found() => return Err(gone),
            Err(_) => {
                time::sleep(PAUSE).await;
                return Ok(());
            }
        };
        send(socket, &job).await?;
        self.sent = job.version;
        if job.ended_at.is_some() { Err(ENDED) } else { Ok(()) }
    }
}

async fn send(socket: &mut Socket, job: &JobBody) -> Result<(), End> {
    let text = serde_json::to_string(job).map_err(|_| End::Broken)?;
    socket.send([Message::Text(text.into())]).await
}
