//! One stream of a job's changes, once its connection is a WebSocket.

use std::time::Duration;

use axum::extract::ws::{CloseCode, CloseFrame, Message, WebSocket, close_code};
use custody_auth::op;
use futures::{Sink, SinkExt as _};
use tokio::time::{self, Instant, MissedTickBehavior, timeout};
use tokio_util::task::task_tracker::TaskTrackerToken;
use uuid::Uuid;

use crate::{
    App, Permit,
    app::Gate,
    job_watch::{Seen, Watching},
    routes::jobs::{get, shapes::JobBody},
    streams::Stream,
};

const PING: Duration = Duration::from_secs(20);
/// A client that is not heard of for so long is gone: it answers each ping.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// As long as a verified credential is kept.
const RECHECK: Duration = Duration::from_secs(5);
/// A reader that takes no message for so long is cut off.
const SEND_TIME_MAX: Duration = Duration::from_secs(10);
/// After a snapshot could not be read.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct JobStream {
    pub(crate) app: App,
    pub(crate) gate: Gate,
    pub(crate) permit: Permit<op::StreamJob>,
    pub(crate) id: Uuid,
    pub(crate) watching: Watching,
    /// As it was when the client asked.
    pub(crate) first: JobBody,
    /// The client has this version.
    pub(crate) sent: u64,
    pub(crate) place: Stream,
    pub(crate) running: TaskTrackerToken,
}

/// How a stream ends.
enum End {
    /// With a word to the client.
    Close(CloseCode, &'static str),
    /// It is not there any more, or does not listen.
    Broken,
}

const ENDED: End = End::Close(close_code::NORMAL, "the job has ended");

impl JobStream {
    pub(crate) async fn run(mut self, mut socket: WebSocket) {
        if let End::Close(code, reason) = self.until_end(&mut socket).await {
            let frame = CloseFrame { code, reason: reason.into() };
            let _ = send(&mut socket, Message::Close(Some(frame))).await;
        }
        tracing::debug!(tenant.id = %self.permit.tenant(), job.id = %self.id, "a stream has ended");
        drop((self.place, self.running));
    }

    async fn until_end(&mut self, socket: &mut WebSocket) -> End {
        let stop = self.app.stop.clone();
        let (mut ping, mut recheck) = (every(PING), every(RECHECK));
        let mut heard = Instant::now();
        if self.first.version > self.sent
            && let Err(end) = self.send(socket, &self.first).await
        {
            return end;
        }
        if self.first.ended_at.is_some() {
            return ENDED;
        }
        self.sent = self.sent.max(self.first.version);
        loop {
            tokio::select! {
                () = stop.cancelled() => return End::Close(close_code::AWAY, "the server stops"),
                seen = self.watching.past(self.sent) => {
                    if let Err(end) = self.tell(socket, seen).await {
                        return end;
                    }
                }
                message = socket.recv() => match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Broken,
                    Some(Ok(_)) => heard = Instant::now(),
                },
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE_MAX || send(socket, Message::Ping("".into())).await.is_err() {
                        return End::Broken;
                    }
                }
                _ = recheck.tick() => if !self.permit.still(&self.gate).await {
                    return End::Close(close_code::POLICY, "the credential is not valid any more");
                },
            }
        }
    }

    async fn tell(&mut self, socket: &mut WebSocket, seen: Seen) -> Result<(), End> {
        let gone = End::Close(close_code::NORMAL, "the job is gone");
        if seen == Seen::Gone {
            return Err(gone);
        }
        let job = match get::now(&self.app, &self.permit, self.id).await {
            Ok(job) => job,
            Err(problem) if problem.is_not_found() => return Err(gone),
            Err(_) => {
                time::sleep(PAUSE).await;
                return Ok(());
            }
        };
        self.send(socket, &job).await?;
        self.sent = job.version;
        if job.ended_at.is_some() { Err(ENDED) } else { Ok(()) }
    }

    async fn send(&self, socket: &mut WebSocket, job: &JobBody) -> Result<(), End> {
        let text = serde_json::to_string(job).map_err(|_| End::Broken)?;
        send(socket, Message::Text(text.into())).await
    }
}

async fn send(socket: &mut (impl Sink<Message> + Unpin), message: Message) -> Result<(), End> {
    match timeout(SEND_TIME_MAX, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Broken),
    }
}

/// The first tick after the first pause.
fn every(pause: Duration) -> time::Interval {
    let mut interval = time::interval_at(Instant::now() + pause, pause);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll},
    };

    use super::*;

    /// A connection whose other side reads nothing.
    struct Stuffed;

    impl Sink<Message> for Stuffed {
        type Error = Infallible;

        fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn start_send(self: Pin<&mut Self>, _: Message) -> Result<(), Infallible> {
            Ok(())
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_cut_off() {
        let begun = Instant::now();
        assert!(matches!(send(&mut Stuffed, Message::Text("{}".into())).await, Err(End::Broken)));
        assert_eq!(begun.elapsed(), SEND_TIME_MAX);
    }
}
