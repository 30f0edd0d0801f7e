//! Which findings of a batch the scan has already, and which of several that share a uid each is.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{get::unpack, insert::ORDINALS_MAX, known::Mine, new::NewFinding};
use crate::{StoreError, TenantTx, bases, page::new_id};

#[derive(Clone, Copy, Debug)]
pub(super) enum Assigned {
    New { id: Uuid, ordinal: i16 },
    Known(Uuid),
    TooMany,
}

/// One that the scan has, or will have with this batch.
struct Taken<'b> {
    ordinal: i16,
    id: Uuid,
    text: Text<'b>,
}

enum Text<'b> {
    Of(&'b str),
    Kept(String),
}

/// In the order of the batch. Two are the same where their texts are.
pub(super) async fn assign(
    tx: &mut TenantTx,
    batch: &[NewFinding],
    keys: &[Uuid],
    mine: Vec<Mine>,
    now: DateTime<Utc>,
) -> Result<Vec<Assigned>, StoreError> {
    let mut taken: HashMap<Uuid, Vec<Taken<'_>>> = HashMap::with_capacity(batch.len());
    if !mine.is_empty() {
        let ids: Vec<Uuid> = mine.iter().map(|mine| mine.base_id).collect();
        let bases = bases::read(tx, &ids).await?;
        let texts = unpack(mine.iter().map(|mine| (mine.base_id, mine.body.as_slice())), &bases)?;
        for (mine, text) in mine.into_iter().zip(texts) {
            let of_key = taken.entry(mine.key).or_default();
            of_key.push(Taken { ordinal: mine.ordinal, id: mine.id, text: Text::Kept(text) });
        }
    }
    let assigned = batch.iter().zip(keys).map(|(finding, key)| {
        let of_key = taken.entry(*key).or_default();
        if let Some(same) = of_key.iter().find(|taken| taken.text.as_str() == finding.text) {
            return Assigned::Known(same.id);
        }
        let ordinal = of_key.iter().map(|taken| taken.ordinal + 1).max().unwrap_or(0);
        if ordinal >= ORDINALS_MAX {
            return Assigned::TooMany;
        }
        let id = new_id(now);
        of_key.push(Taken { ordinal, id, text: Text::Of(&finding.text) });
        Assigned::New { id, ordinal }
    });
    Ok(assigned.collect())
}

impl Text<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Of(text) => text,
            Self::Kept(text) => text,
        }
    }
}
