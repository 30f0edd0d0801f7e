//! A scan's findings, page by page.

use bytes::Bytes;
use custody_auth::Scope;
use custody_domain::{Evidence, ScanId, json::ParseError};
use custody_store::{PageRequest, Store, StoreError, bases, findings};
use uuid::Uuid;

use super::{ExportForm, Writer};

/// Findings in memory at once.
const PAGE: u16 = 250;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect: what is kept was read when it came.
    #[error("a finding that was kept cannot be read: {0}")]
    Unreadable(#[from] ParseError),
}

/// What is still to come of a file.
#[derive(Debug)]
pub struct Export {
    store: Store,
    scope: Scope,
    scan: ScanId,
    form: ExportForm,
    /// None before the first page.
    writer: Option<Writer>,
    after: Option<Uuid>,
    ended: bool,
}

impl Export {
    pub fn new(store: Store, scope: Scope, scan: ScanId, form: ExportForm) -> Self {
        Self { store, scope, scan, form, writer: None, after: None, ended: false }
    }

    /// The next piece of the file; none at its end. Each page is a transaction of its own: what is deleted
    /// meanwhile is missing, what is kept meanwhile comes last.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ExportError> {
        if self.ended {
            return Ok(None);
        }
        let mut tx = self.store.tenant_tx(&self.scope).await?;
        let page = findings::of_scan(&mut tx, self.scan, PageRequest::new(PAGE, self.after)).await?;
        let mut ids: Vec<Uuid> = page.items.iter().map(|finding| finding.base_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let bases = bases::read(&mut tx, &ids).await?;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let counts = findings::tally(&mut tx, self.scan).await?;
                let any = counts.iter().any(|(_, _, evidence, _)| *evidence == Evidence::Incomplete);
                none.insert(Writer::new(self.form, any))
            }
        };
        tx.commit().await?;
        let mut out = Vec::new();
        for finding in &page.items {
            let base = bases.get(&finding.base_id);
            let base = base.ok_or_else(|| StoreError::unexpected("a finding without its base"))?;
            let text = base.dictionary.unpack(&finding.body).map_err(StoreError::from)?;
            writer.add(base.form, &text, finding.evidence, &mut out)?;
        }
        self.after = page.next;
        if page.next.is_none() {
            writer.end(&mut out);
            self.ended = true;
        }
        Ok(Some(out.into()))
    }
}
