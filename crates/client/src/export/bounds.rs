//! Which entries are in a range of time, and what stands beside them.

use anyhow::{Context as _, bail};
use chrono::{DateTime, SubsecRound as _, Utc};
use custody_domain::time::{parse_time_or_date, rfc3339_millis};
use custody_proof::{
    bundle::{Header, Neighbour},
    stream::{Frame, read_frame},
    verify::EntryCheck,
};

use super::nodes::Nodes;
use crate::{
    log::Log,
    verify::{Keys, Signed},
};

/// Received from then, until then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
}

/// A time of the command line, in whole milliseconds, which is what the log's clock counts.
pub(super) fn time(flag: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, String> {
    let Some(text) = text else { return Ok(None) };
    let refuse =
        || format!("{flag}: {text:?} is no time; it must look like 2026-01-02T03:04:05Z or 2026-01-02");
    let at = parse_time_or_date(text).ok_or_else(refuse)?;
    if at.trunc_subsecs(3) == at && (0..=9999).contains(&chrono::Datelike::year(&at)) {
        Ok(Some(at))
    } else {
        Err(format!("{flag}: {text:?} has more digits than milliseconds, which the log counts in"))
    }
}

impl Bounds {
    /// The header of the bundle of what the checkpoint covers of them.
    pub(super) async fn header(
        &self,
        log: &Log,
        keys: &Keys,
        note: String,
        signed: &Signed,
    ) -> anyhow::Result<Header> {
        let size = signed.checkpoint.size;
        if size == 0 {
            bail!("the log is empty, or nothing of it is signed yet");
        }
        let tenant = signed.origin.tenant();
        let first = seq(log, self.from, size).await?.unwrap_or(0);
        let end = seq(log, self.to, size).await?.unwrap_or(size);
        if first > end {
            bail!("--to is before --from");
        }
        let before = match first.checked_sub(1) {
            Some(seq) => Some(neighbour(log, tenant, seq).await?),
            None => None,
        };
        let after = if end < size { Some(neighbour(log, tenant, end).await?) } else { None };
        let mut nodes = Nodes::new(log, size);
        let left = nodes.range(0, first - u64::from(before.is_some())).await?;
        let right = nodes.range(end + u64::from(after.is_some()), size).await?;
        let keys = keys.that_signed(&note, &signed.origin);
        Ok(Header {
            tenant,
            from: self.from,
            to: self.to,
            first,
            end,
            before,
            after,
            left,
            right,
            checkpoint: note,
            keys,
        })
    }
}

/// The `seq` of the first entry received then or later, of those that are signed; `size` where there
/// is none.
async fn seq(log: &Log, at: Option<DateTime<Utc>>, size: u64) -> anyhow::Result<Option<u64>> {
    let Some(at) = at else { return Ok(None) };
    let found = log.first_since(&rfc3339_millis(at)).await?;
    Ok(Some(found.map_or(size, |entry| entry.seq.min(size))))
}

async fn neighbour(log: &Log, tenant: custody_domain::TenantId, seq: u64) -> anyhow::Result<Neighbour> {
    let mut reader = log.entries(seq, seq + 1).await?;
    reader.opening().await?;
    let bytes = reader.more(Vec::new()).await?.context("the log's stream broke off")?;
    match read_frame(&bytes)? {
        Some((Frame::Entry(entry), _)) if entry.seq == seq => {
            let content_hash = EntryCheck::default()
                .content_hash(entry.body)
                .with_context(|| format!("entry {seq} ({}) has a body that is none", entry.id))?;
            let neighbour = Neighbour { id: entry.id, content_hash };
            if neighbour.leaf_hash(tenant) != entry.leaf_hash {
                bail!("entry {seq} ({}) does not lead to its leaf hash", entry.id);
            }
            Ok(neighbour)
        }
        _ => bail!("entry {seq} is missing, or cannot be read"),
    }
}
