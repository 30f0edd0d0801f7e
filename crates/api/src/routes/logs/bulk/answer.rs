//! The answer's JSON, written from the spool: in one piece where it is small, else as it is read.

use std::{io, io::Write as _};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use custody_domain::time::rfc3339_millis;
use custody_ingest::ItemResult;
use futures::stream;
use http::{HeaderValue, header};

use super::{
    BulkItem,
    record::Record,
    spool::{Counts, Spool, SpoolReader},
};
use crate::problem::Fault;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Spools up to here (4,600 receipts) are answered in one piece, with a length.
const WHOLE_BYTES_MAX: usize = 256 << 10;

/// About as much is rendered at a time.
const PIECE_BYTES: usize = 64 << 10;

pub(super) fn response(spool: Spool) -> Response {
    let mut rendering = Rendering::begin(spool.counts);
    let mut reader = spool.into_reader();
    let body = match reader.take_small(WHOLE_BYTES_MAX) {
        Some(records) => {
            rendering.add(records);
            rendering.render(usize::MAX);
            rendering.close();
            Body::from(rendering.out)
        }
        None => Body::from_stream(stream::try_unfold((Some(rendering), reader), next)),
    };
    ([(header::CONTENT_TYPE, JSON)], body).into_response()
}

type Streaming = (Option<Rendering>, SpoolReader);

async fn next((rendering, mut reader): Streaming) -> io::Result<Option<(Bytes, Streaming)>> {
    let Some(mut rendering) = rendering else { return Ok(None) };
    while !rendering.render(PIECE_BYTES) {
        let Some(more) = reader.next().await? else {
            rendering.close();
            return Ok(Some((rendering.out.into(), (None, reader))));
        };
        rendering.add(more);
    }
    let piece = std::mem::take(&mut rendering.out).into();
    Ok(Some((piece, (Some(rendering), reader))))
}

/// An item that is no receipt, as it stands in the answer.
pub(super) fn json(result: &ItemResult) -> Vec<u8> {
    let item = match result {
        ItemResult::Accepted(receipt) => BulkItem::Accepted(receipt.into()),
        ItemResult::Duplicate(receipt) => BulkItem::Duplicate(receipt.into()),
        ItemResult::Quarantined(item) => BulkItem::Quarantined {
            quarantine_id: item.id,
            reason: item.reason.as_str().to_owned(),
            errors: item.errors.iter().map(|e| Fault::at(e.pointer.clone(), e.detail.clone())).collect(),
        },
        ItemResult::Retry { detail } => BulkItem::Retry { detail: detail.to_string() },
    };
    serde_json::to_vec(&item).unwrap_or_default()
}

/// Records becoming JSON.
#[derive(Debug)]
struct Rendering {
    out: Vec<u8>,
    /// What was read and not yet rendered: its end may be half a record.
    records: Bytes,
    first: bool,
    last_json: Vec<u8>,
    /// Many items in a row are of one millisecond.
    received: (Option<DateTime<Utc>>, String),
}

impl Rendering {
    fn begin(counts: Counts) -> Self {
        let Counts { accepted, duplicate, quarantined, retry } = counts;
        let out = format!(
            r#"{{"accepted":{accepted},"duplicate":{duplicate},"quarantined":{quarantined},"retry":{retry},"items":["#
        );
        let received = (None, String::new());
        Self { out: out.into(), records: Bytes::new(), first: true, last_json: Vec::new(), received }
    }

    fn add(&mut self, more: Bytes) {
        self.records =
            if self.records.is_empty() { more } else { [&self.records[..], &more[..]].concat().into() };
    }

    /// Renders until there are `enough` bytes, and says so, or until no whole record is left.
    fn render(&mut self, enough: usize) -> bool {
        let records = std::mem::take(&mut self.records);
        let mut rest = &records[..];
        while self.out.len() < enough
            && let Some((record, behind)) = Record::read(rest)
        {
            self.record(&record);
            rest = behind;
        }
        self.records = records.slice_ref(rest);
        self.out.len() >= enough
    }

    fn record(&mut self, record: &Record<'_>) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        match record {
            Record::Receipt { new, id, seq, leaf_hash } => {
                let status = if *new { "accepted" } else { "duplicate" };
                let received_at = id.received_at();
                if self.received.0 != Some(received_at) {
                    self.received = (Some(received_at), rfc3339_millis(received_at));
                }
                let mut leaf = [0; 64];
                // Of the length that it asks for.
                let _ = hex::encode_to_slice(leaf_hash, &mut leaf);
                let leaf = std::str::from_utf8(&leaf).unwrap_or_default();
                // Writing to memory cannot fail.
                let _ = write!(
                    self.out,
                    r#"{{"status":"{status}","id":"{id}","seq":{seq},"received_at":"{}","leaf_hash":"{leaf}"}}"#,
                    self.received.1
                );
            }
            Record::Json(json) => {
                self.out.extend_from_slice(json);
                self.last_json = json.to_vec();
            }
            Record::Same => self.out.extend_from_slice(&self.last_json),
        }
    }

    fn close(&mut self) {
        self.out.extend_from_slice(b"]}");
    }
}

#[cfg(test)]
mod tests;
