//! The way of an item from its bytes to the ledger's door, in one call: what the benches measure. The
//! same steps by the same code as [`crate::Ingest`], without what it asks of the store.

use chrono::{DateTime, Utc};
use custody_domain::TenantId;
use custody_ledger::Draft;
use uuid::Uuid;

use crate::{
    Format, Reason,
    mask::Masker,
    prepare::{self, Setting},
    recorded_by::RecordedBy,
    submit::new_salt,
};

/// What holds for all items of a request.
#[derive(Debug)]
pub struct Stages {
    masker: Masker,
    recorded_by: RecordedBy,
}

impl Stages {
    /// Of a request by an API key in bulk.
    pub fn new(masker: Masker) -> Self {
        let key = Uuid::from_u128(0x0197_c4a1_7e00_7aaa_8bbb_0123_4567_89ab);
        let via = "POST /api/v1/logs/bulk".to_owned();
        let peer = std::net::Ipv4Addr::new(192, 0, 2, 44).into();
        Self { masker, recorded_by: RecordedBy::new(format!("key:{key}"), Some(key), via, Some(peer)) }
    }

    /// Parse, mask, map, validate, add the server's members, canonicalise, commit, compress.
    pub fn draft(&self, item: &[u8], format: Format, received_at: DateTime<Utc>) -> Result<Draft, Reason> {
        let setting = Setting {
            tenant: TenantId::RESERVED,
            masker: &self.masker,
            recorded_by: &self.recorded_by,
            received_at,
        };
        let content = prepare::read(item, format, &self.masker)
            .and_then(|event| event.mask(&self.masker))
            .and_then(|event| event.into_content(&setting))
            .map_err(|why| why.reason)?;
        Draft::new(&content, new_salt(), None).map_err(|_| Reason::Size)
    }
}
