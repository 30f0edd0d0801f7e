//! A WebSocket on which the server tells something for as long as the other side wants to hear it.

use std::time::Duration;

use axum::extract::ws::{CloseCode, CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::{Sink, SinkExt as _};
use tokio::time::{self, Instant, MissedTickBehavior, timeout};

const PING: Duration = Duration::from_secs(20);
/// A client that is not heard of for so long is gone: it answers each ping.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a word to the client.
    Close(CloseCode, &'static str),
    /// It is not there any more, or does not listen.
    Broken,
}

#[derive(Debug)]
pub(crate) struct Socket {
    inner: WebSocket,
    ping: time::Interval,
    heard: Instant,
    /// A reader that takes nothing for so long is cut off.
    send_time_max: Duration,
}

impl Socket {
    pub(crate) fn new(socket: WebSocket, send_time_max: Duration) -> Self {
        Self { inner: socket, ping: every(PING), heard: Instant::now(), send_time_max }
    }

    /// The next text that the client says. Meanwhile it is pinged, so this is to be waited for whenever
    /// nothing is sent; dropping the future loses nothing.
    pub(crate) async fn heard(&mut self) -> Result<Utf8Bytes, End> {
        loop {
            tokio::select! {
                message = self.inner.recv() => {
                    match message {
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Broken),
                        Some(Ok(Message::Text(text))) => {
                            self.heard = Instant::now();
                            return Ok(text);
                        }
                        Some(Ok(_)) => self.heard = Instant::now(),
                    }
                }
                _ = self.ping.tick() => {
                    if self.heard.elapsed() > SILENCE_MAX {
                        return Err(End::Broken);
                    }
                    self.send([Message::Ping("".into())]).await?;
                }
            }
        }
    }

    /// Sends them in one go.
    pub(crate) async fn send(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), End> {
        send(&mut self.inner, messages, self.send_time_max).await
    }

    pub(crate) async fn end(mut self, end: End) {
        if let End::Close(code, reason) = end {
            let frame = CloseFrame { code, reason: reason.into() };
            let _ = self.send([Message::Close(Some(frame))]).await;
        }
    }
}

async fn send(
    socket: &mut (impl Sink<Message> + Unpin),
    messages: impl IntoIterator<Item = Message>,
    time_max: Duration,
) -> Result<(), End> {
    let sent = async {
        for message in messages {
            socket.feed(message).await?;
        }
        socket.flush().await
    };
    match timeout(time_max, sent).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Broken),
    }
}

/// The first tick after the first pause.
pub(crate) fn every(pause: Duration) -> time::Interval {
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

    const TIME_MAX: Duration = Duration::from_secs(10);

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
        assert_eq!(send(&mut Stuffed, [Message::Text("{}".into())], TIME_MAX).await, Err(End::Broken));
        assert_eq!(begun.elapsed(), TIME_MAX);
    }
}
