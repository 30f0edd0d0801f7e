//! Counting what came again: the same bytes are kept once, and say how often they came.

use std::collections::HashMap;

use crate::{StoreError, TenantTx, heads::signed};

/// How often each item came again, by its fingerprint.
pub type Seen = HashMap<[u8; 16], u64>;

/// Counts all of them, whose usage is locked. One round trip.
///
/// What a replay or a drop has taken and not yet committed is passed over: its holder may be waiting
/// for the usage, so nobody who has that may wait for it. An item that comes while it leaves, leaves.
pub(super) async fn count(tx: &mut TenantTx, seen: &Seen) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE quarantine q SET times = q.times + here.times, last_received_at = clock_timestamp()
         FROM (SELECT kept.id, seen.times FROM unnest($2::bytea[], $3::bigint[]) AS seen (fp16, times)
               JOIN quarantine kept ON kept.tenant_id = $1 AND kept.fp16 = seen.fp16
               FOR NO KEY UPDATE OF kept SKIP LOCKED) here
         WHERE q.tenant_id = $1 AND q.id = here.id",
    )
    .bind(tx.tenant().0)
    .bind(seen.keys().map(<[u8; 16]>::as_slice).collect::<Vec<_>>())
    .bind(seen.values().map(|times| signed(*times)).collect::<Result<Vec<_>, _>>()?)
    .execute(tx.connection())
    .await?;
    Ok(())
}
