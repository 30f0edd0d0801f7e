//! What a driver is told first.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Scrubber;
use crate::providers::{self, Part};

/// One account, and all that is to be known to speak to it.
#[derive(Clone, Default)]
pub struct Order {
    /// `aws`, … : a name of [`providers::all`].
    pub provider: String,
    /// By the names of the provider's table.
    pub credentials: BTreeMap<String, Value>,
    pub settings: BTreeMap<String, Value>,
    pub network: Network,
    /// Of private memory that can be written; 0: as much as there is.
    pub memory_bytes: u64,
    /// All checks of the whole scan, whichever of them this driver will be told to run: some services leave
    /// out what none of them looks at.
    pub checks: Vec<String>,
    /// What findings name as their scan.
    pub scan_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Network {
    /// This machine's own addresses, link-local ones and metadata services may be connected to.
    pub allow_local: bool,
}

impl Order {
    /// As a line, with its end.
    pub(super) fn line(&self, temp: &Path) -> Vec<u8> {
        #[derive(Serialize)]
        struct Line<'a> {
            v: u8,
            provider: &'a str,
            credentials: &'a BTreeMap<String, Value>,
            settings: &'a BTreeMap<String, Value>,
            network: Network,
            memory_bytes: u64,
            checks: &'a [String],
            scan_id: Option<Uuid>,
            temp: &'a str,
        }
        let temp = temp.to_string_lossy();
        let line = Line {
            v: 1,
            provider: &self.provider,
            credentials: &self.credentials,
            settings: &self.settings,
            network: self.network,
            memory_bytes: self.memory_bytes,
            checks: &self.checks,
            scan_id: self.scan_id,
            temp: &temp,
        };
        // Maps with texts as keys: nothing in it can fail to be written.
        let mut line = serde_json::to_vec(&line).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// For whatever this order's driver writes.
    pub fn scrubber(&self) -> Scrubber {
        let mut secrets = Vec::new();
        for (name, value) in &self.credentials {
            providers::secrets_of(&self.provider, Part::Credentials, name, value, &mut secrets);
        }
        Scrubber::of(secrets.iter().map(String::as_str))
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("provider", &self.provider)
            .field("settings", &self.settings)
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}
