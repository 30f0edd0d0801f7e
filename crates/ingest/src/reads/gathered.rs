//! What is not told yet.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use custody_auth::{Principal, Scope};
use custody_domain::{EntryId, TenantId};
use uuid::Uuid;

use super::{Amount, told::Told};

/// The same read is told once in so long.
pub(super) const AGAIN_AFTER: Duration = Duration::from_mins(1);
/// The same for reads of what is told.
pub(super) const TOLD_AGAIN_AFTER: Duration = Duration::from_hours(1);

/// Of all tenants, and of one.
const BYTES_MAX: usize = 32 << 20;
const TENANT_BYTES_MAX: usize = 2 << 20;
/// Of a read beside its text.
const READ_BYTES: usize = 512;

/// What was read, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// In canonical form.
    Query(Arc<str>),
    Entry(EntryId),
    /// What is told here, and nothing else: one for all of a reader's, with what was asked first.
    Told(Arc<str>),
}

impl Subject {
    fn bytes(&self) -> usize {
        READ_BYTES
            + match self {
                Self::Query(text) | Self::Told(text) => text.len(),
                Self::Entry(_) => 0,
            }
    }
}

/// By whom, and how. One map's worth of it is one entry's `recorded_by`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reader {
    pub(super) principal: Principal,
    pub(super) name: Option<String>,
    pub(super) credential_id: Option<Uuid>,
    pub(super) peer_ip: Option<IpAddr>,
    pub(super) via: &'static str,
    pub(super) action: &'static str,
}

/// A read of somebody's; of those of what is told here there is one a principal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    One(TenantId, Reader, Subject),
    Told(TenantId, Principal),
}

impl Key {
    fn tenant(&self) -> TenantId {
        match self {
            Self::One(tenant, ..) | Self::Told(tenant, _) => *tenant,
        }
    }

    fn again_after(&self) -> Duration {
        match self {
            Self::One(..) => AGAIN_AFTER,
            Self::Told(..) => TOLD_AGAIN_AFTER,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pub(super) amount: Amount,
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
}

impl Tally {
    fn of(amount: Amount, at: DateTime<Utc>) -> Self {
        Self { amount, first: at, last: at }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.amount.times = self.amount.times.saturating_add(more.amount.times);
        self.amount.rows = self.amount.rows.saturating_add(more.amount.rows);
        self.first = self.first.min(more.first);
        self.last = self.last.max(more.last);
    }
}

#[derive(Debug)]
struct Kept {
    reader: Reader,
    subject: Subject,
    /// Since it was told last; none where there was nothing.
    tally: Option<Tally>,
    told_at: Option<Instant>,
}

/// Bounded by bytes.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    reads: HashMap<Key, Kept>,
    /// What had no room, of each tenant.
    others: HashMap<TenantId, Tally>,
    bytes: usize,
    bytes_of: HashMap<TenantId, usize>,
}

impl Gathered {
    pub(super) fn add(
        &mut self,
        scope: &Scope,
        action: &'static str,
        subject: Subject,
        amount: Amount,
        now: DateTime<Utc>,
    ) {
        let reader = Reader {
            principal: scope.principal().clone(),
            name: scope.actor_name().map(str::to_owned),
            credential_id: scope.credential_id(),
            peer_ip: scope.peer_ip(),
            via: scope.via(),
            action,
        };
        let tenant = scope.tenant();
        let key = match &subject {
            Subject::Told(_) => Key::Told(tenant, reader.principal.clone()),
            _ => Key::One(tenant, reader.clone(), subject.clone()),
        };
        let tally = Tally::of(amount, now);
        if let Some(kept) = self.reads.get_mut(&key) {
            match &mut kept.tally {
                Some(before) => before.add(tally),
                none => *none = Some(tally),
            }
            return;
        }
        let bytes = subject.bytes();
        let of_tenant = self.bytes_of.entry(tenant).or_default();
        if self.bytes + bytes > BYTES_MAX || *of_tenant + bytes > TENANT_BYTES_MAX {
            return self.add_to_others(tenant, tally);
        }
        *of_tenant += bytes;
        self.bytes += bytes;
        self.reads.insert(key, Kept { reader, subject, tally: Some(tally), told_at: None });
    }

    /// What has no room, or could not be told after all.
    pub(super) fn add_to_others(&mut self, tenant: TenantId, tally: Tally) {
        self.others.entry(tenant).and_modify(|others| others.add(tally)).or_insert(tally);
    }

    /// Takes what is to be told by now, or all there is (`now` is none); not of tenants that `waits`.
    pub(super) fn take(&mut self, now: Option<Instant>, waits: impl Fn(TenantId) -> bool) -> Vec<Told> {
        let mut taken = Vec::new();
        let (mut freed, bytes_of) = (0, &mut self.bytes_of);
        self.reads.retain(|key, kept| {
            if waits(key.tenant()) {
                return true;
            }
            let rests =
                now.zip(kept.told_at).is_some_and(|(now, at)| now.duration_since(at) < key.again_after());
            if rests {
                return true;
            }
            if let Some(tally) = kept.tally.take() {
                taken.push((key.tenant(), kept.reader.clone(), kept.subject.clone(), tally));
                kept.told_at = now;
                return now.is_some();
            }
            let bytes = kept.subject.bytes();
            freed += bytes;
            if let Some(of_tenant) = bytes_of.get_mut(&key.tenant()) {
                *of_tenant = of_tenant.saturating_sub(bytes);
            }
            false
        });
        self.bytes -= freed;
        self.bytes_of.retain(|_, bytes| *bytes > 0);
        let mut told = Told::all(taken);
        let tenants: Vec<_> = self.others.keys().copied().filter(|tenant| !waits(*tenant)).collect();
        for tenant in tenants {
            told.extend(self.others.remove(&tenant).map(|tally| Told::others(tenant, tally)));
        }
        told
    }
}
