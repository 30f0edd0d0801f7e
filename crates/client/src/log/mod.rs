//! The log itself over HTTP: checkpoints, keys, tiles, and every entry as it lies there.

mod entries;
mod patience;
mod shapes;

use custody_proof::{Tile, VerifierKey};
use reqwest::{Method, header::ACCEPT_ENCODING};
use serde::de::DeserializeOwned;

use crate::{ApiClient, ClientError};

pub(crate) use entries::EntryReader;
pub(crate) use patience::patiently;
pub(crate) use shapes::{Anchored, Consistency, EntryPlace, Kept};
use shapes::{KeyItem, List};

/// Checkpoints of a page.
const PAGE: u32 = 1000;

/// One tenant's log on one server. Temporary failures are tried again for a while.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    client: ApiClient,
}

impl Log {
    pub(crate) fn new(client: ApiClient) -> Self {
        Self { client }
    }

    /// The newest checkpoint's note, which the server then keeps.
    pub(crate) async fn checkpoint(&self) -> Result<String, ClientError> {
        let note = patiently(async || {
            let answer = self.client.send(self.get("/api/v1/log/checkpoint")).await?;
            self.client.bytes(answer).await
        });
        Ok(String::from_utf8_lossy(&note.await?).into_owned())
    }

    /// All keys that the server says have ever signed this log, as text.
    pub(crate) async fn keys(&self) -> Result<Vec<String>, ClientError> {
        let list: List<KeyItem> = self.json("/api/v1/log/keys", &[]).await?;
        Ok(list.items.into_iter().map(|item| item.verifier_key).collect())
    }

    /// Every checkpoint that the server keeps, oldest first.
    pub(crate) async fn kept(&self) -> Result<Vec<Kept>, ClientError> {
        self.list("/api/v1/log/checkpoints").await
    }

    /// Every anchor that the server knows of or finds in its object store, oldest first.
    pub(crate) async fn anchors(&self) -> Result<Vec<Anchored>, ClientError> {
        self.list("/api/v1/log/anchors").await
    }

    /// The note of an anchor, as it lies in the server's object store; none where it is not there.
    pub(crate) async fn anchor(&self, epoch: u32, size: u64) -> Result<Option<String>, ClientError> {
        let path = format!("/api/v1/log/anchors/{epoch}/{size}");
        let note = patiently(async || {
            let answer = self.client.send(self.get(&path)).await?;
            self.client.bytes(answer).await
        });
        match note.await {
            Ok(note) => Ok(Some(String::from_utf8_lossy(&note).into_owned())),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        let mut query = vec![("limit", PAGE.to_string())];
        loop {
            let page: List<T> = self.json(path, &query).await?;
            items.extend(page.items);
            let Some(cursor) = page.next_cursor else { return Ok(items) };
            query.truncate(1);
            query.push(("cursor", cursor));
        }
    }

    pub(crate) async fn consistency(&self, from: u64, to: u64) -> Result<Consistency, ClientError> {
        let query = [("from", from.to_string()), ("to", to.to_string())];
        self.json("/api/v1/log/consistency", &query).await
    }

    /// The hashes of a tile, 32 bytes each.
    pub(crate) async fn tile(&self, tile: Tile) -> Result<Vec<u8>, ClientError> {
        let path = format!("/api/v1/log/tile/{tile}");
        let bytes = patiently(async || {
            let answer = self.client.send(self.get(&path)).await?;
            self.client.bytes(answer).await
        });
        Ok(bytes.await?.to_vec())
    }

    /// The first entry received at that time (RFC 3339) or later.
    pub(crate) async fn first_since(&self, at: &str) -> Result<Option<EntryPlace>, ClientError> {
        let mut query = vec![
            ("sort", "received_at".to_owned()),
            ("limit", "1".to_owned()),
            ("received_from", at.to_owned()),
        ];
        loop {
            let page: List<EntryPlace> = self.json("/api/v1/logs", &query).await?;
            match (page.items.into_iter().next(), page.next_cursor) {
                (Some(entry), _) => return Ok(Some(entry)),
                (None, None) => return Ok(None),
                // The work of one request is bounded.
                (None, Some(cursor)) => {
                    query.truncate(3);
                    query.push(("cursor", cursor));
                }
            }
        }
    }

    /// The entries `from..to`, as they lie there. Not tried again: whoever reads knows how far it came.
    pub(crate) async fn entries(&self, from: u64, to: u64) -> Result<EntryReader, ClientError> {
        let request = self.get("/api/v1/log/entries").query(&[("from", from), ("to", to)]);
        Ok(EntryReader::new(self.client.clone(), self.client.send(request).await?))
    }

    /// Uncompressed: on the way to a program, packing costs more than it saves.
    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.request(Method::GET, path).header(ACCEPT_ENCODING, "identity")
    }

    async fn json<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, ClientError> {
        patiently(async || self.client.json(self.client.request(Method::GET, path).query(query)).await).await
    }
}

/// The keys in a text: one a line; empty lines and those that begin with `#` say nothing.
pub(crate) fn parse_keys(text: &str) -> anyhow::Result<Vec<VerifierKey>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.parse().map_err(|error| anyhow::anyhow!("the key {line:?} {error}"))).collect()
}
