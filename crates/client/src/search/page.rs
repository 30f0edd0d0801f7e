//! Page after page.

use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ApiClient, ClientError};

const PAGE_ITEMS_MAX: u64 = 100;

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

/// Follows `next_cursor` until the limit or the end.
#[derive(Debug)]
pub(super) struct Pages {
    client: ApiClient,
    parameters: Vec<(&'static str, String)>,
    cursor: Option<String>,
    found: u64,
    left: u64,
    started: bool,
}

impl Pages {
    pub(super) fn new(client: ApiClient, parameters: Vec<(&'static str, String)>, limit: u64) -> Self {
        Self { client, parameters, cursor: None, found: 0, left: limit, started: false }
    }

    /// The next items, possibly none of them while the server looks on (a page may be empty and
    /// still have a cursor); `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Box<RawValue>>>, ClientError> {
        if self.left == 0 || (self.started && self.cursor.is_none()) {
            return Ok(None);
        }
        let limit = self.left.min(PAGE_ITEMS_MAX).to_string();
        let request = self
            .client
            .request(Method::GET, "/api/v1/logs")
            .query(&self.parameters)
            .query(&[("limit", limit)])
            .query(&self.cursor.iter().map(|c| ("cursor", c)).collect::<Vec<_>>());
        let page: Page = self.client.json(request).await?;
        self.started = true;
        self.cursor = page.next_cursor;
        self.found += page.items.len() as u64;
        self.left = self.left.saturating_sub(page.items.len() as u64);
        Ok(Some(page.items))
    }

    pub(super) fn found(&self) -> u64 {
        self.found
    }

    /// Whether the limit ended it.
    pub(super) fn has_more(&self) -> bool {
        self.cursor.is_some()
    }
}
