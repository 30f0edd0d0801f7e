//! Requests, made whole before the clock starts.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use crate::{entries::Source, tenants::Tenants};

/// What is new in every event of life, and so in every sending of a request.
const DRAWN: [&[u8]; 3] = [b"\"request_id\":\"", b"\"event_id\":\"", b"\"source_event\":\""];
const UUID_BYTES: usize = 36;

/// One request, ready to be written to a connection.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) tenant: usize,
    pub(crate) entries: u64,
    pub(crate) bytes: Vec<u8>,
    /// Where ids stand that are drawn anew when it is sent again.
    drawn: Vec<usize>,
    sent: bool,
}

/// What requests are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) requests: usize,
    /// One: `POST /logs`; more: `POST /logs/bulk`, one entry a line.
    pub(crate) entries_a_request: usize,
    pub(crate) event_ids: bool,
    pub(crate) seed: u64,
}

impl Plan {
    pub(crate) fn bulk(entries: usize, event_ids: bool, seed: u64) -> Self {
        Self { requests: entries.div_ceil(1_000), entries_a_request: 1_000, event_ids, seed }
    }

    pub(crate) fn single(requests: usize, seed: u64) -> Self {
        Self { requests, entries_a_request: 1, event_ids: false, seed }
    }

    /// Each request is one tenant's, drawn by the tenants' shares.
    pub(crate) fn requests(self, source: &Source, tenants: &Tenants) -> Vec<Request> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        self.for_tenants(source, tenants, |_| tenants.draw(&mut rng))
    }

    /// The same, with the tenant of each request named by its place.
    pub(crate) fn for_tenants(
        self,
        source: &Source,
        tenants: &Tenants,
        mut tenant: impl FnMut(usize) -> usize,
    ) -> Vec<Request> {
        let count = self.requests * self.entries_a_request;
        let mut entries = source.entries(self.seed, count, self.event_ids);
        let mut request = |place| {
            let lines: Vec<_> = entries.by_ref().take(self.entries_a_request).collect();
            Request::new(tenants, tenant(place), &lines)
        };
        (0..self.requests).map(&mut request).collect()
    }
}

impl Request {
    fn new(tenants: &Tenants, tenant: usize, lines: &[Vec<u8>]) -> Self {
        let (path, media) = match lines.len() {
            1 => ("/api/v1/logs", "application/json"),
            _ => ("/api/v1/logs/bulk", "application/x-ndjson"),
        };
        let body = lines.join(&b'\n');
        let mut bytes = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: {media}\r\n\
             content-length: {}\r\n\r\n",
            tenants.token(tenant),
            body.len()
        )
        .into_bytes();
        let head = bytes.len();
        bytes.extend_from_slice(&body);
        let drawn = DRAWN.iter().flat_map(|name| places(&body, name)).map(|place| head + place).collect();
        Self { tenant, entries: lines.len() as u64, bytes, drawn, sent: false }
    }

    /// Makes its entries new ones if it was sent before: used again, it must not shrink because the
    /// same bytes came twice, nor be a duplicate.
    pub(crate) fn renew(&mut self, rng: &mut StdRng) {
        if self.sent {
            for place in &self.drawn {
                if let Some(id) = self.bytes.get_mut(*place..place + UUID_BYTES) {
                    let drawn = uuid::Builder::from_random_bytes(rng.random()).into_uuid();
                    drawn.hyphenated().encode_lower(id);
                }
            }
        }
        self.sent = true;
    }
}

/// Where the values begin of members that hold a UUID.
fn places(body: &[u8], name: &[u8]) -> Vec<usize> {
    let starts = (0..body.len()).filter(|at| body.get(*at..).is_some_and(|rest| rest.starts_with(name)));
    let values = starts.map(|at| at + name.len());
    values
        .filter(|at| {
            let value = body.get(*at..at + UUID_BYTES);
            value
                .and_then(|text| std::str::from_utf8(text).ok())
                .is_some_and(|text| Uuid::parse_str(text).is_ok())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6b1f9fb5-5f4f-4bd5-a4c0-0123456789ab";

    #[test]
    fn a_request_that_is_sent_again_has_new_ids_and_nothing_else_is_new() {
        let line =
            format!(r#"{{"action":"a","request_id":"{ID}","event_id":"{ID}","x":"{ID}"}}"#).into_bytes();
        let tenants = Tenants::of(&["token"]);
        let mut request = Request::new(&tenants, 0, &[line.clone(), line]);
        let (mut rng, first) = (StdRng::seed_from_u64(1), request.bytes.clone());
        request.renew(&mut rng);
        assert_eq!(request.bytes, first, "as it was made, the first time");
        request.renew(&mut rng);
        let text = String::from_utf8(request.bytes.clone()).unwrap();
        assert_eq!(text.len(), first.len());
        assert_eq!(text.matches(ID).count(), 2, "only the ids: {text}");
        let body = text.split_once("\r\n\r\n").unwrap().1;
        assert_eq!(body.lines().count(), 2);
        assert!(body.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    }
}
