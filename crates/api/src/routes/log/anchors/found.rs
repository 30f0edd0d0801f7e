//! Anchors as two places have them: the table, which the database's owner can change, and the object
//! store, in which nothing should be missing or new.

use std::collections::BTreeMap;

use custody_auth::Scope;
use custody_objects::{Listed, layout};
use custody_store::{
    anchors::{self, Anchor},
    heads,
};

use super::{AnchorBody, not_to_be_had};
use crate::{App, problem::Problem};

/// A log begins a new epoch with a restore; one that has had so many is none of this program's.
const EPOCHS_MAX: u32 = 1000;

/// The first `limit` after this epoch and size.
pub(super) async fn after(
    app: &App,
    scope: &Scope,
    after: Option<(u32, u64)>,
    limit: u16,
) -> Result<Vec<AnchorBody>, Problem> {
    let mut tx = app.store.tenant_tx(scope).await?;
    let rows = anchors::page(&mut tx, after, limit.into()).await?;
    let epoch = heads::read(&mut tx).await?.epoch;
    tx.commit().await?;
    let mut found: BTreeMap<_, _> =
        rows.into_iter().map(|row| ((row.epoch, row.size), AnchorBody::from(row))).collect();
    let mut objects = 0;
    for epoch in after.map_or(0, |(epoch, _)| epoch)..=epoch.min(EPOCHS_MAX) {
        let mut last =
            after.filter(|after| after.0 == epoch).map(|(_, size)| layout::anchor(scope, epoch, size));
        while objects < usize::from(limit) {
            let prefix = layout::anchors(scope, epoch);
            let page = app.objects.list(&prefix, last.as_ref(), limit.into()).await.map_err(not_to_be_had)?;
            objects += page.objects.len();
            last = page.objects.last().map(|listed| listed.key.clone());
            for listed in page.objects {
                if let Some(size) = size(&listed) {
                    found.entry((epoch, size)).or_insert_with(|| unrecorded(epoch, size, &listed));
                }
            }
            if !page.more {
                break;
            }
        }
    }
    Ok(found.into_values().take(limit.into()).collect())
}

/// As the layout writes it into the name.
fn size(listed: &Listed) -> Option<u64> {
    listed.key.name().strip_suffix(".note")?.parse().ok()
}

fn unrecorded(epoch: u32, size: u64, listed: &Listed) -> AnchorBody {
    let anchored_at = listed.modified;
    AnchorBody { epoch, size, recorded: false, root: None, sha256: None, anchored_at, locked_until: None }
}

impl From<Anchor> for AnchorBody {
    fn from(anchor: Anchor) -> Self {
        Self {
            epoch: anchor.epoch,
            size: anchor.size,
            recorded: true,
            root: Some(hex::encode(anchor.root)),
            sha256: Some(hex::encode(anchor.sha256)),
            anchored_at: anchor.anchored_at,
            locked_until: anchor.locked_until,
        }
    }
}
