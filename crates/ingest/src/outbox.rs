//! Our own changes into the log: rows that a change left in its own transaction become entries of
//! the same tenant, with the row's id as their `event_id`, known again in a space of ids of their own
//! ([`custody_ledger::Ledger::own_event_key`]). Killed between the append and the
//! deletion, the next run finds the row again, and the ledger knows the event: no second entry.

use chrono::{DateTime, SecondsFormat, Utc};
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{
    content::{self, Author},
    json::{Object, Value, from_serde},
};
use custody_ledger::{Appended, Draft};
use custody_store::{
    Store, StoreError,
    audit_outbox::{self, BrokenRow, Change, OutboxRow},
};
use uuid::Uuid;

use crate::{
    Ingest, IngestError,
    format::SourceFormat,
    mask::Masker,
    prepare::{self, Rejected},
    recorded_by::RecordedBy,
    submit::new_salt,
};

/// Tenants a round, and rows of one of them.
const TENANTS_MAX: u16 = 64;
const ROWS_MAX: u16 = 256;
/// Rounds of one call; what is left is the next call's.
const ROUNDS_MAX: usize = 16;

/// Carries the rows. Several servers may: they meet at the ledger, which takes each event once.
#[derive(Clone, Debug)]
pub struct Drainer {
    store: Store,
    ingest: Ingest,
    authority: SystemAuthority,
}

impl Drainer {
    pub fn new(store: Store, ingest: Ingest, authority: SystemAuthority) -> Self {
        Self { store, ingest, authority }
    }

    /// Carries what waits and answers how many rows that was. One tenant's trouble does not stop
    /// another's rows; the first error is told at the end.
    pub async fn drain(&self) -> Result<u64, IngestError> {
        let mut carried = 0;
        for _ in 0..ROUNDS_MAX {
            let mut in_round = 0;
            let mut trouble = None;
            for tenant in audit_outbox::pending_tenants(&self.store, TENANTS_MAX).await? {
                let scope = self.authority.scope(tenant, "outbox");
                match self.drain_tenant(&scope).await {
                    Ok(rows) => in_round += rows,
                    Err(error) => {
                        trouble.get_or_insert(error);
                    }
                }
            }
            carried += in_round;
            match trouble {
                Some(error) => return Err(error),
                None if in_round == 0 => break,
                None => {}
            }
        }
        Ok(carried)
    }

    async fn drain_tenant(&self, scope: &Scope) -> Result<u64, IngestError> {
        let waiting = audit_outbox::read(&self.store, scope, ROWS_MAX).await?;
        let mut done: Vec<Uuid> = Vec::with_capacity(waiting.rows.len());
        let mut drafted = Vec::with_capacity(waiting.rows.len());
        let mut drafts = Vec::with_capacity(waiting.rows.len());
        let mut unfit: Vec<Unfit> = waiting.broken.into_iter().map(Unfit::broken).collect();
        for row in waiting.rows {
            match draft(&self.ingest, scope, &row).await? {
                Ok(draft) => {
                    drafts.push(draft);
                    drafted.push(row);
                }
                Err(why) => unfit.push(Unfit::change(&row, why)?),
            }
        }
        if !drafts.is_empty() {
            let appended = self.ingest.ledger.append(scope, drafts).await?;
            for (row, appended) in drafted.into_iter().zip(appended) {
                match appended {
                    Appended::Accepted(_) | Appended::Duplicate(_) => done.push(row.id),
                    Appended::Conflict(_) => {
                        let why = Rejected::conflict(SourceFormat::Custody);
                        unfit.push(Unfit::change(&row, why)?);
                    }
                }
            }
        }
        for unfit in unfit {
            let id = unfit.id;
            if self.keep(scope, unfit).await {
                done.push(id);
            }
        }
        if !done.is_empty() {
            audit_outbox::delete(&self.store, scope, &done).await?;
        }
        Ok(u64::try_from(done.len()).unwrap_or(u64::MAX))
    }

    /// A change that cannot become an entry is a defect of ours; it is kept like anybody else's. While
    /// it cannot be kept, its row stays.
    async fn keep(&self, scope: &Scope, unfit: Unfit) -> bool {
        tracing::error!(tenant.id = %scope.tenant(), change.id = %unfit.id, action = unfit.action, reason = %unfit.why.reason,
            "a change of our own cannot become an entry; it goes to the quarantine");
        self.ingest.quarantine_own(scope, unfit.bytes, &unfit.why).await
    }
}

/// The entry to be of a row, or why it cannot be one.
pub(crate) async fn draft(
    ingest: &Ingest,
    scope: &Scope,
    row: &OutboxRow,
) -> Result<Result<Draft, Rejected>, IngestError> {
    let content = match content_of(row.change.clone(), row.id, row.created_at) {
        Ok(content) => content,
        Err(why) => return Ok(Err(why)),
    };
    let key = ingest.ledger.event_keys(scope).await?.of_own_change(row.id);
    let draft = Draft::new(&content, new_salt(), Some(key));
    Ok(draft.map_err(|why| Rejected::unfit(&why, SourceFormat::Custody)))
}

/// A change that cannot become an entry.
struct Unfit {
    id: Uuid,
    action: Option<String>,
    bytes: Vec<u8>,
    why: Rejected,
}

impl Unfit {
    fn change(row: &OutboxRow, why: Rejected) -> Result<Self, IngestError> {
        let bytes =
            serde_json::to_vec(&row.change).map_err(|error| StoreError::Unexpected(Box::new(error)))?;
        Ok(Self { id: row.id, action: Some(row.change.action.clone()), bytes, why })
    }

    fn broken(row: BrokenRow) -> Self {
        let (line, column) = row.at;
        let detail = format!("is no change that this version knows, from line {line}, column {column} on");
        let why = Rejected::schema(SourceFormat::Custody, detail);
        Self { id: row.id, action: None, bytes: row.json.into_bytes(), why }
    }
}

/// The entry of a change. Masked by the detectors that are on by default and not by the tenant's
/// policy, with which an admin could otherwise hide what they did to it.
fn content_of(change: Change, id: Uuid, created_at: DateTime<Utc>) -> Result<Object<'static>, Rejected> {
    let detectors = Masker::default();
    let recorded_by = RecordedBy::from(change.recorded_by.clone());
    let mut source = Value::Object(own_event(change, id, created_at));
    let found = detectors.mask(&mut source).map_err(|why| Rejected::masked(why, SourceFormat::Custody))?;
    let Value::Object(mut content) = source else {
        return Err(prepare::invalid(&[], SourceFormat::Custody, &detectors));
    };
    prepare::add_ours(&mut content, recorded_by.to_value().into_owned(), &found, SourceFormat::Custody)?;
    content::validate(&content, created_at, Author::System)
        .map_err(|violations| prepare::invalid(&violations, SourceFormat::Custody, &detectors))?;
    Ok(content)
}

fn own_event(change: Change, id: Uuid, created_at: DateTime<Utc>) -> Object<'static> {
    let mut event = Object::new();
    event.insert("action", Value::from(change.action));
    event.insert("actor", party(change.actor.kind, change.actor.id, change.actor.name));
    if let Some(resource) = change.resource {
        event.insert("resource", party(resource.kind, resource.id, resource.name));
    }
    event.insert("severity", Value::from(change.severity.as_str()));
    event.insert("outcome", Value::from(change.outcome.as_str()));
    event.insert("occurred_at", Value::from(created_at.to_rfc3339_opts(SecondsFormat::Micros, true)));
    event.insert("event_id", Value::from(id.to_string()));
    if let Some(ip) = change.recorded_by.peer_ip {
        event.insert("ip", Value::from(ip.to_canonical().to_string()));
    }
    for (name, value) in [("before", change.before), ("after", change.after), ("metadata", change.metadata)] {
        if let Some(value) = value {
            event.insert(name, from_serde(&value));
        }
    }
    event
}

fn party(kind: String, id: String, name: Option<String>) -> Value<'static> {
    let mut party = Object::new();
    party.insert("type", Value::from(kind));
    party.insert("id", Value::from(id));
    if let Some(name) = name {
        party.insert("name", Value::from(name));
    }
    Value::Object(party)
}

#[cfg(test)]
mod tests;
