//! The two ways to a reader: a WebSocket, and server-sent events for who cannot speak that.

use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes};
use bytes::Bytes;

use super::Word;
use crate::{
    pieces::{Gone, Pieces},
    socket::{End, Socket},
};

/// A reader that takes nothing for so long is cut off. Until then it is told what it missed.
pub(crate) const SEND_TIME_MAX: Duration = Duration::from_secs(30);

pub(crate) trait Outlet {
    const TRANSPORT: &'static str;

    /// What the client says; to be waited for whenever nothing is sent.
    async fn heard(&mut self) -> Result<Utf8Bytes, End>;

    async fn tell(&mut self, words: Vec<Word>) -> Result<(), End>;

    async fn end(self, end: End);
}

impl Outlet for Socket {
    const TRANSPORT: &'static str = "websocket";

    async fn heard(&mut self) -> Result<Utf8Bytes, End> {
        Self::heard(self).await
    }

    async fn tell(&mut self, words: Vec<Word>) -> Result<(), End> {
        self.send(words.into_iter().map(|word| Message::Text(word.json().into()))).await
    }

    async fn end(self, end: End) {
        Self::end(self, end).await;
    }
}

/// The pieces of an answer's body.
#[derive(Debug)]
pub(crate) struct Events(pub(crate) Pieces<Bytes>);

impl Outlet for Events {
    const TRANSPORT: &'static str = "events";

    async fn heard(&mut self) -> Result<Utf8Bytes, End> {
        // It can say nothing but goodbye.
        self.0.gone().await;
        Err(End::Broken)
    }

    async fn tell(&mut self, words: Vec<Word>) -> Result<(), End> {
        let mut events = String::new();
        for word in &words {
            word.event(&mut events);
        }
        self.0.send(events.into()).await.map_err(|Gone| End::Broken)
    }

    async fn end(mut self, end: End) {
        if let End::Close(code, reason) = end {
            let _ = self.tell(vec![Word::End { code, reason }]).await;
        }
    }
}
