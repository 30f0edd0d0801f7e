//! An answer's body that is made while it is sent, at its reader's pace.

use std::{fmt::Display, io, pin::pin, time::Duration};

use futures::{Stream, StreamExt as _, stream};
use tokio::{sync::mpsc, time::timeout};

/// A reader that takes no piece for so long has gone away.
pub(crate) const PIECE_TIME_MAX: Duration = Duration::from_mins(1);

/// Where the pieces go in. The body ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Pieces<T> {
    taken: mpsc::Sender<io::Result<T>>,
    time_max: Duration,
}

/// The reader has gone away, or was sent away: nothing more is to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

/// Where pieces go in, and where they come out: one at a time, each within `time_max`.
pub(crate) fn pieces<T>(time_max: Duration) -> (Pieces<T>, impl Stream<Item = io::Result<T>>) {
    let (taken, mut pieces) = mpsc::channel(1);
    // Compression asks once more after the end.
    (Pieces { taken, time_max }, stream::poll_fn(move |context| pieces.poll_recv(context)))
}

impl<T> Pieces<T> {
    /// Hands on all of these, until they end or the reader goes away. `what` is the subject of the line that
    /// is logged where they break off.
    pub(crate) async fn hand_on<E: Display>(self, read: impl Stream<Item = Result<T, E>>, what: &str) {
        let mut read = pin!(read);
        while let Some(piece) = read.next().await {
            match piece {
                Ok(piece) => {
                    if self.send(piece).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "{what} was cut off");
                    return self.cut_off().await;
                }
            }
        }
    }

    pub(crate) async fn send(&self, piece: T) -> Result<(), Gone> {
        self.put(Ok(piece)).await
    }

    /// Ends the connection, so that nobody takes what there is for all.
    pub(crate) async fn cut_off(&self) {
        let _ = self.put(Err(io::Error::other("cut off"))).await;
    }

    /// Until the reader has gone away.
    pub(crate) async fn gone(&self) {
        self.taken.closed().await;
    }

    async fn put(&self, piece: io::Result<T>) -> Result<(), Gone> {
        match timeout(self.time_max, self.taken.send(piece)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}
