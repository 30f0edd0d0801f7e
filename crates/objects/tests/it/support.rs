//! Scopes and bytes for tests.

use bytes::Bytes;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_objects::{Download, Objects, ObjectsError, PutOptions};
use futures::TryStreamExt as _;
use uuid::Uuid;

/// A tenant of the test's own.
pub(crate) fn tenant() -> Scope {
    SystemAuthority::assume().scope(TenantId(Uuid::new_v4()), "test")
}

pub(crate) fn create_only() -> PutOptions {
    PutOptions { create_only: true, ..PutOptions::default() }
}

/// Bytes that differ with their place and the seed, so that a piece that went astray is seen.
pub(crate) fn pattern(seed: u8, count: usize) -> Bytes {
    (0..count).map(|at| ((at % 251) ^ (at >> 12 & 0xff)).to_le_bytes()[0] ^ seed).collect()
}

pub(crate) async fn read(download: Download) -> Result<Bytes, ObjectsError> {
    Ok(download.stream.try_collect::<Vec<_>>().await?.concat().into())
}

/// All of an object.
pub(crate) async fn whole(objects: &Objects, key: &custody_objects::Key) -> Result<Bytes, ObjectsError> {
    read(objects.get(key, None).await?).await
}
