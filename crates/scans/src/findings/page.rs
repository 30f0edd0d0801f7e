//! The findings that a query matches, page by page: read as their table can narrow them, then tested by what
//! the query means.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use custody_domain::{
    FindingId,
    finding::{
        Finding as Subject, FoundOn, Texts,
        query::{Narrow, Query, asks_for_said, asks_for_texts},
    },
};
use custody_store::{
    StoreError, TenantTx, bases,
    findings::{self, Finding, Said, Stretch},
};
use uuid::Uuid;

use super::details;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct FindingsAsked<'q> {
    pub query: &'q Query,
    pub newest_first: bool,
    /// Findings of a page.
    pub limit: u16,
    /// The last that was looked at for the page before.
    pub after: Option<FindingId>,
}

/// What one request may cost.
#[derive(Clone, Copy, Debug)]
pub struct FindingsLimits {
    /// Rows looked at, …
    pub rows_max: u32,
    /// … and the time it takes.
    pub time_max: Duration,
    /// Rows that one statement looks at, …
    pub stretch_max: u32,
    /// … and with their texts.
    pub stretch_of_texts_max: u32,
}

impl Default for FindingsLimits {
    fn default() -> Self {
        Self {
            rows_max: 200_000,
            time_max: Duration::from_secs(2),
            stretch_max: 8_192,
            stretch_of_texts_max: 1_024,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct FindingsPage {
    /// Each with what people said of it.
    pub items: Vec<(Finding, Said)>,
    /// Where to go on; none where there is nothing more. There may be one beside no items at all.
    pub next: Option<FindingId>,
    /// As much was looked at as one request may, before the page was full.
    pub stopped: Option<FindingsStopped>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingsStopped {
    /// Rows that were looked at.
    pub scanned: u32,
}

/// Time after which other tasks of the same thread get their turn.
const TURN: Duration = Duration::from_millis(2);

/// A page of what `asked` matches, in the order of the findings' ids.
pub async fn page(
    tx: &mut TenantTx,
    asked: &FindingsAsked<'_>,
    limits: &FindingsLimits,
    now: DateTime<Utc>,
) -> Result<FindingsPage, StoreError> {
    let started = Instant::now();
    let narrow = Narrow::of(asked.query);
    let wanted = usize::from(asked.limit);
    let (texts, said) = (asks_for_texts(asked.query), asks_for_said(asked.query));
    let stretch_max = if texts { limits.stretch_of_texts_max } else { limits.stretch_max };
    // One beyond the last tells whether there is more.
    let mut rows = u32::from(asked.limit).saturating_add(1).min(stretch_max);
    let (mut found, mut scanned, mut after) = (Vec::new(), 0_u32, asked.after);
    let (next, stopped) = 'walk: loop {
        let stretch =
            Stretch { narrow: &narrow, newest_first: asked.newest_first, after, rows, bodies: texts, now };
        let looked = findings::look(tx, &stretch).await?;
        scanned = scanned.saturating_add(looked.rows);
        let tested = Tested::read(tx, &looked.findings, texts, said).await?;
        let mut turn = Instant::now();
        for finding in looked.findings {
            if asked.query.matches(&tested.subject(&finding, now)) {
                if found.len() == wanted {
                    break 'walk (found.last().map(|last: &Finding| last.id), None);
                }
                found.push(finding);
            }
            if turn.elapsed() >= TURN {
                tokio::task::yield_now().await;
                turn = Instant::now();
            }
        }
        let Some(last) = looked.last else { break (None, None) };
        if scanned >= limits.rows_max || started.elapsed() >= limits.time_max {
            break (Some(last), Some(FindingsStopped { scanned }).filter(|_| found.len() < wanted));
        }
        after = Some(last);
        rows = rows.saturating_mul(4).min(stretch_max).min(limits.rows_max - scanned);
    };
    let keys: Vec<Uuid> = found.iter().map(|finding| finding.key).collect();
    let mut said = findings::said(tx, &keys).await?;
    let items = found.into_iter().map(|finding| {
        let said = said.remove(&finding.key).unwrap_or_default();
        (finding, said)
    });
    Ok(FindingsPage { items: items.collect(), next, stopped })
}

/// What the rows of a stretch do not hold themselves, where the query asks for it.
#[derive(Default)]
struct Tested {
    bases: Option<HashMap<Uuid, bases::Base>>,
    said: HashMap<Uuid, Said>,
}

impl Tested {
    async fn read(
        tx: &mut TenantTx,
        findings: &[Finding],
        texts: bool,
        said: bool,
    ) -> Result<Self, StoreError> {
        let mut tested = Self::default();
        if texts {
            let mut ids: Vec<Uuid> = findings.iter().map(|finding| finding.base_id).collect();
            ids.sort_unstable();
            ids.dedup();
            tested.bases = Some(bases::read(tx, &ids).await?);
        }
        if said {
            let keys: Vec<Uuid> = findings.iter().map(|finding| finding.key).collect();
            tested.said = findings::said(tx, &keys).await?;
        }
        Ok(tested)
    }

    /// A body that cannot be read has no words: it must not keep others from being found.
    fn texts(&self, finding: &Finding) -> Texts<'static> {
        let base = self.bases.as_ref().and_then(|bases| bases.get(&finding.base_id));
        let text = base.and_then(|base| Some((base.form, base.dictionary.unpack(&finding.body).ok()?)));
        text.map(|(form, text)| details(form, &text).into_texts()).unwrap_or_default()
    }

    fn subject<'f>(&'f self, finding: &'f Finding, now: DateTime<Utc>) -> Subject<'f> {
        let said = self.said.get(&finding.key);
        let resource = &finding.resource;
        Subject {
            id: finding.id,
            scan: finding.scan_id,
            uid: finding.uid.as_str().into(),
            provider: finding.provider.as_str().into(),
            check: finding.check_id.as_str().into(),
            service: finding.service.as_str().into(),
            region: finding.region.as_str().into(),
            account: finding.account.as_str().into(),
            resource: FoundOn {
                uid: resource.uid.as_str().into(),
                name: resource.name.as_str().into(),
                kind: resource.kind.as_str().into(),
            },
            title: finding.title.as_str().into(),
            status: finding.status,
            severity: finding.severity,
            evidence: finding.evidence,
            delta: finding.delta,
            triage: finding.triage,
            owner: said.and_then(|said| said.owner.as_deref()).unwrap_or_default().into(),
            note: said.and_then(|said| said.note.as_deref()).unwrap_or_default().into(),
            muted: finding.muted_until.is_some_and(|until| until > now),
            current: finding.current,
            first_seen: finding.first_seen_at,
            last_seen: finding.last_seen_at,
            texts: self.texts(finding),
        }
    }
}
