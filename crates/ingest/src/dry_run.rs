//! What an item would become, without a ledger or a database: the same steps by the same code.

use chrono::{DateTime, Utc};
use custody_domain::{TenantId, canonical, json::Value};
use custody_store::quarantine::ItemError;

use crate::{
    Format, Reason,
    mask::Masker,
    prepare::{self, Rejected, Setting},
    recorded_by::RecordedBy,
};

/// The content of the entry that an item would become, in canonical form; else why it is none, and
/// where.
pub fn dry_run(
    bytes: &[u8],
    format: Format,
    masker: &Masker,
    received_at: DateTime<Utc>,
) -> Result<Vec<u8>, (Reason, Vec<ItemError>)> {
    let recorded_by = RecordedBy::new("system:dry run".to_owned(), None, "dry run".to_owned(), None);
    let setting = Setting { tenant: TenantId::RESERVED, masker, recorded_by: &recorded_by, received_at };
    let content = prepare::read(bytes, format, masker)
        .and_then(|event| event.mask(masker))
        .and_then(|event| event.into_content(&setting));
    match content {
        Ok(content) => Ok(canonical::to_vec(&Value::Object(content))),
        Err(Rejected { reason, errors, .. }) => Err((reason, errors)),
    }
}
