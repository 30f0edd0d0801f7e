//! The events of a stream (WHATWG HTML, section 9.2), as far as our server sends them.

use reqwest::Response;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ApiClient, ClientError};

/// More than the largest entry.
const EVENT_BYTES_MAX: usize = 64 << 20;

/// What a stream says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    Open {
        after: String,
    },
    #[serde(skip)]
    Entry {
        seq: u64,
        json: Box<RawValue>,
    },
    Dropped,
    Unreadable {
        seq: u64,
    },
    Heartbeat {
        after: String,
    },
    End {
        code: u16,
        reason: String,
    },
    /// One that a later server says.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Delivered {
    entry: Box<RawValue>,
}

#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

/// An answer's events.
#[derive(Debug)]
pub(super) struct Events<'c> {
    client: &'c ApiClient,
    answer: Response,
    bytes: Vec<u8>,
    /// No event ends before it.
    looked: usize,
}

impl<'c> Events<'c> {
    pub(super) fn of(client: &'c ApiClient, answer: Response) -> Self {
        Self { client, answer, bytes: Vec::new(), looked: 0 }
    }

    /// The next one. An answer that ends without having said so is cut off.
    pub(super) async fn next(&mut self) -> Result<Event, ClientError> {
        loop {
            if let Some(end) = self.end() {
                let event = read(&self.bytes[..end]);
                self.bytes.drain(..end + 2);
                self.looked = 0;
                return event.map_err(|error| self.client.unreadable(error));
            }
            self.looked = self.bytes.len().saturating_sub(1);
            let piece = self.answer.chunk().await.map_err(|error| self.client.unreachable(error))?;
            let cut_off = || ClientError::CutOff { url: self.client.url().to_owned() };
            self.bytes.extend_from_slice(&piece.ok_or_else(cut_off)?);
            if self.bytes.len() > EVENT_BYTES_MAX {
                return Err(cut_off());
            }
        }
    }

    /// Where the first event ends.
    fn end(&self) -> Option<usize> {
        self.bytes[self.looked..].windows(2).position(|pair| pair == b"\n\n").map(|at| self.looked + at)
    }
}

fn read(event: &[u8]) -> Result<Event, serde_json::Error> {
    let mut lines = event.split(|byte| *byte == b'\n');
    let data = lines.find_map(|line| line.strip_prefix(b"data: ")).unwrap_or(b"{\"type\":\"\"}");
    if let Ok(Delivered { entry }) = serde_json::from_slice(data) {
        let Numbered { seq } = serde_json::from_str(entry.get())?;
        return Ok(Event::Entry { seq, json: entry });
    }
    serde_json::from_slice(data)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn events_are_read_and_unknown_ones_passed_over() {
        let read = |text: &str| read(text.as_bytes()).unwrap();
        let entry =
            read("id: 7\nevent: entry\ndata: {\"type\":\"entry\",\"entry\":{\"seq\":7,\"action\":\"a\"}}");
        assert!(
            matches!(entry, Event::Entry { seq: 7, json } if json.get() == "{\"seq\":7,\"action\":\"a\"}")
        );
        assert!(
            matches!(read("data: {\"type\":\"heartbeat\",\"after\":\"x\"}"), Event::Heartbeat { after } if after == "x")
        );
        assert!(matches!(read("data: {\"type\":\"dropped\",\"from\":1,\"to\":2}"), Event::Dropped));
        assert!(matches!(
            read("data: {\"type\":\"end\",\"code\":4001,\"reason\":\"r\"}"),
            Event::End { code: 4001, .. }
        ));
        for other in ["data: {\"type\":\"later\",\"x\":1}", ": a comment"] {
            assert!(matches!(read(other), Event::Other), "{other}");
        }
    }
}
