//! A driver's standard error: the scan's log.

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::mpsc,
};

use super::{Scrubber, launch::Said};

/// Of one driver. Prowler writes a line for each call that fails, and a large account has many.
pub(super) const LOG_BYTES_MAX: usize = 1 << 20;
/// A line that is longer is cut in pieces.
const PIECE_BYTES_MAX: usize = 16 << 10;
const READ_BYTES: usize = 8 << 10;

/// Passes it on in pieces of whole lines, until it ends or nobody listens.
pub(super) async fn pass_on(mut stream: impl AsyncRead + Unpin, scrubber: Scrubber, to: mpsc::Sender<Said>) {
    let mut waiting: Vec<u8> = Vec::new();
    let mut left = LOG_BYTES_MAX;
    let mut read = vec![0; READ_BYTES];
    loop {
        let n = stream.read(&mut read).await.unwrap_or(0);
        waiting.extend_from_slice(read.get(..n).unwrap_or_default());
        let end = match waiting.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if n == 0 || waiting.len() >= PIECE_BYTES_MAX => waiting.len(),
            None => 0,
        };
        let piece: Vec<u8> = waiting.drain(..if n == 0 { waiting.len() } else { end }).collect();
        if !piece.is_empty() && left > 0 {
            let text = String::from_utf8_lossy(&piece);
            let mut text = scrubber.scrub(&text).into_owned();
            if text.len() > left {
                text.truncate(text.floor_char_boundary(left));
                text.push_str("\n… the log is longer than 1 MiB; the rest is left out\n");
                left = 0;
            } else {
                left -= text.len();
            }
            if to.send(Said::Log(text)).await.is_err() {
                return;
            }
        }
        if n == 0 {
            return;
        }
    }
}
