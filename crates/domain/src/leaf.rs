//! An entry's leaf in its tenant's tree, version 1.

use crate::{EntryId, Hash, TenantId, digest::sha256};

/// The first byte of the leaf data.
const VERSION: u8 = 0x01;

/// `0x01 ‖ tenant_id ‖ id ‖ content_hash`: what a tile's entry holds.
pub fn leaf_data(tenant: TenantId, id: EntryId, content_hash: &Hash) -> [u8; 65] {
    let mut data = [VERSION; 65];
    data[1..17].copy_from_slice(tenant.0.as_bytes());
    data[17..33].copy_from_slice(id.0.as_bytes());
    data[33..].copy_from_slice(content_hash);
    data
}

/// The leaf's hash as RFC 6962, section 2.1 makes it: `SHA-256(0x00 ‖ leaf data)`.
pub fn leaf_hash(tenant: TenantId, id: EntryId, content_hash: &Hash) -> Hash {
    sha256(&[&[0x00], &leaf_data(tenant, id, content_hash)])
}
