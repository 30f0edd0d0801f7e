//! What all runs share: the server under test, its database, the entries, and what came of it.

use serde::Serialize;

use crate::{
    database::Database,
    entries::Source,
    latency::Latency,
    limit::Copied,
    machine::Machine,
    measure::Measured,
    search::{Followed, Searched},
    server::{Server, Started},
};

#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) source: Source,
    pub(crate) results: Results,
}

/// All that the bench found; its JSON is this.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) made_at: chrono::DateTime<chrono::Utc>,
    pub(crate) machine: Machine,
    /// Why these numbers may mislead; empty if nothing is known against them.
    pub(crate) doubts: Vec<String>,
    pub(crate) custody: String,
    pub(crate) postgresql: String,
    pub(crate) postgresql_settings: std::collections::BTreeMap<String, String>,
    /// Settings of the server that are not the defaults.
    pub(crate) settings: Vec<String>,
    pub(crate) entries: String,
    pub(crate) bytes_an_entry_sent: f64,
    pub(crate) server_rss_mib_at_rest: f64,
    pub(crate) started_first: Started,
    pub(crate) started_again: Option<Started>,
    /// The limit: raw COPY of the same JSON by one connection.
    pub(crate) copies: Vec<Copied>,
    /// One INSERT of a kilobyte, committed, of the same PostgreSQL.
    pub(crate) small_commit: Option<Latency>,
    pub(crate) runs: Vec<Measured>,
    /// The rate of each two hundred thousand entries of the long run.
    pub(crate) long_run_rates: Vec<f64>,
    pub(crate) verify: Option<Verified>,
    /// Each after a further load.
    pub(crate) searches: Vec<Searched>,
    pub(crate) followed: Vec<Followed>,
}

/// `custody verify --server`, timed from outside.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verified {
    pub(crate) entries: u64,
    pub(crate) seconds: f64,
    pub(crate) entries_per_second: f64,
}

impl Bench {
    pub(crate) fn doubt(&mut self, doubt: String) {
        eprintln!("  DOUBT: {doubt}");
        self.results.doubts.push(doubt);
    }
}

impl Results {
    pub(crate) fn run(&self, name: &str) -> Option<&Measured> {
        self.runs.iter().find(|run| run.name == name)
    }

    /// Rows a second of the raw COPY into `(tenant_id, id, body jsonb)`: the best of those made,
    /// because it is a limit.
    pub(crate) fn limit(&self) -> Option<f64> {
        let plain = self.copies.iter().filter(|copy| !copy.primary_key);
        plain.map(|copy| copy.rows_per_second).reduce(f64::max)
    }
}
