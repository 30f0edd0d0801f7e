//! The entries that are sent.

use custody_testkit::entries;
use serde_json::Value;

/// Invented records, where the real ones are not here.
const INVENTED: usize = 2_000;

/// Records that entries are made of, and what they are, for the report.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) what: String,
    records: Vec<Value>,
}

impl Source {
    pub(crate) fn open() -> Self {
        if let Some(records) = entries::records() {
            let what = format!("{} real CloudTrail records (CUSTODY_TEST_DATA)", records.len());
            return Self { what, records };
        }
        let records = custody_ingest::sample::cloudtrail(1, INVENTED);
        let records: Vec<Value> = records.filter_map(|text| serde_json::from_slice(&text).ok()).collect();
        let what = format!(
            "{} INVENTED CloudTrail records of the sample generator (CUSTODY_TEST_DATA is not here)",
            records.len()
        );
        Self { what, records }
    }

    /// Entries in Custody's own form, about 1.1 KB each; the same seed gives the same.
    pub(crate) fn entries(&self, seed: u64, count: usize, event_ids: bool) -> impl Iterator<Item = Vec<u8>> {
        entries::native(&self.records, seed, count, event_ids)
    }
}
