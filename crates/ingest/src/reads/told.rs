//! Reads as entries.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use custody_auth::Principal;
use custody_domain::{EntryId, TenantId};
use custody_store::audit_outbox::{Change, OutboxRow, RecordedBy, Resource};
use serde_json::json;
use uuid::Uuid;

use super::gathered::{Reader, Subject, Tally};

/// Reads of what is told here.
const REVIEWED: &str = "custody.log.reviewed";
/// Reads that had no room.
const OTHERS: &str = "custody.log.others";
/// Of an entry that names several.
const ENTRIES_MAX: usize = 100;

/// One entry to be, with the id that it is known by when it is written again.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) tenant: TenantId,
    pub(super) row: OutboxRow,
    pub(super) tally: Tally,
}

impl Told {
    /// One a query; entries that somebody read one by one stand together.
    pub(super) fn all(reads: Vec<(TenantId, Reader, Subject, Tally)>) -> Vec<Self> {
        let mut told = Vec::new();
        let mut by_id: HashMap<(TenantId, Reader), (Vec<EntryId>, Tally)> = HashMap::new();
        for (tenant, reader, subject, tally) in reads {
            match subject {
                Subject::Query(query) => {
                    told.push(Self::query(tenant, &reader, reader.action, &query, tally));
                }
                Subject::Told(query) => {
                    told.push(Self::query(tenant, &reader, REVIEWED, &query, tally));
                }
                Subject::Entry(id) => {
                    let (ids, sum) = by_id.entry((tenant, reader.clone())).or_insert((Vec::new(), tally));
                    if !ids.is_empty() {
                        sum.add(tally);
                    }
                    ids.push(id);
                    if ids.len() == ENTRIES_MAX {
                        told.push(Self::entries(tenant, &reader, ids, *sum));
                        by_id.remove(&(tenant, reader));
                    }
                }
            }
        }
        told.extend(
            by_id
                .into_iter()
                .map(|((tenant, reader), (ids, tally))| Self::entries(tenant, &reader, &ids, tally)),
        );
        told
    }

    fn query(tenant: TenantId, reader: &Reader, action: &str, query: &str, tally: Tally) -> Self {
        Self::of(tenant, reader, action, tally, |change| {
            change.metadata.get_or_insert_default()["query"] = json!(query);
        })
    }

    fn entries(tenant: TenantId, reader: &Reader, ids: &[EntryId], tally: Tally) -> Self {
        Self::of(tenant, reader, reader.action, tally, |change| {
            if let [id] = ids {
                let id = id.to_string();
                change.resource = Some(Resource { kind: "entry".to_owned(), id, name: None });
            }
            change.metadata.get_or_insert_default()["entries"] = json!(ids);
        })
    }

    /// So many had no room.
    pub(super) fn others(tenant: TenantId, tally: Tally) -> Self {
        let reader = Reader {
            principal: Principal::System("reads"),
            name: None,
            credential_id: None,
            peer_ip: None,
            via: "reads",
            action: OTHERS,
        };
        Self::of(tenant, &reader, OTHERS, tally, |_| {})
    }

    fn of(
        tenant: TenantId,
        reader: &Reader,
        action: &str,
        tally: Tally,
        more: impl FnOnce(&mut Change),
    ) -> Self {
        let recorded_by = RecordedBy {
            principal: reader.principal.to_string(),
            credential_id: reader.credential_id,
            via: reader.via.to_owned(),
            peer_ip: reader.peer_ip,
        };
        let mut change = Change::new(action, &reader.principal, reader.name.clone(), recorded_by);
        change.metadata = Some(json!({
            "times": tally.amount.times,
            "rows": tally.amount.rows,
            "first_at": micros(tally.first),
            "last_at": micros(tally.last),
        }));
        more(&mut change);
        Self { tenant, row: OutboxRow { id: Uuid::now_v7(), created_at: tally.first, change }, tally }
    }
}

fn micros(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
