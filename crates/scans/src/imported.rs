//! Findings of a file become a scan.

use custody_auth::Scope;
use custody_domain::{ScanId, ScanStatus};
use custody_store::{
    StoreError, findings,
    findings::{Inserted, NewFinding, ScanRef},
    scans::{self, Ending, NewScan, Source},
};
use serde_json::json;

use crate::{
    Phase, Progress, ScansError,
    import::{Import, Report},
    scans::{Scans, scope_key},
};

/// Of imports: only those of the same account are compared with each other.
const SCOPE: &str = r#"{"import":true}"#;

/// What became of a file.
#[derive(Debug)]
pub enum Imported {
    Kept {
        scan: ScanId,
        report: Report,
    },
    /// No finding was in it, and there is no scan.
    Nothing(Report),
    /// Somebody cancelled or deleted the scan meanwhile; what was kept by then is as they left it.
    Interrupted(ScanId),
}

impl Scans {
    /// Keeps them, batch by batch, each in a transaction of its own.
    pub async fn import(
        &self,
        who: &Scope,
        name: Option<String>,
        mut import: Import,
    ) -> Result<Imported, ScansError> {
        let Some(mut batch) = import.next().await else { return Ok(Imported::Nothing(import.into_report())) };
        let scan = self.begin_import(who, name, &batch[0]).await?;
        let mut progress = Progress { phase: Phase::Importing, ..Progress::default() };
        loop {
            match self.keep(who, &scan, &batch, &mut progress).await {
                Ok(Some(inserted)) => import.kept(&batch, &inserted),
                Ok(None) => return Ok(Imported::Interrupted(scan.id)),
                Err(error) => {
                    self.end_import(
                        who,
                        scan.id,
                        &progress,
                        Some("the database was not available".to_owned()),
                        true,
                    )
                    .await?;
                    return Err(error.into());
                }
            }
            match import.next().await {
                Some(next) => batch = next,
                None => break,
            }
        }
        let report = import.into_report();
        progress.phase = Phase::Done;
        let failure = report.broken.as_ref().map(|broken| {
            format!(
                "the file could be read no further at finding {}, line {}: {}",
                broken.index, broken.line, broken.reason
            )
        });
        self.end_import(who, scan.id, &progress, failure, report.refused > 0).await?;
        Ok(Imported::Kept { scan: scan.id, report })
    }

    async fn begin_import(
        &self,
        who: &Scope,
        name: Option<String>,
        first: &NewFinding,
    ) -> Result<ScanRef, ScansError> {
        let id = scans::new_id();
        let provider = first.base.provider.clone();
        let key = scope_key(&provider, &first.account, SCOPE);
        let mut tx = self.store.tenant_tx(who).await?;
        let previous = scans::previous(&mut tx, key).await?;
        let new = NewScan {
            id,
            name: name.unwrap_or_else(|| format!("{provider}, imported")),
            tags: "{}".to_owned(),
            source: Source::Import,
            provider,
            provider_id: None,
            account: (!first.account.is_empty()).then(|| first.account.clone()),
            scope: json!({}),
            scope_key: key,
            parallelism: 1,
            credentials: None,
            job_id: None,
            status: ScanStatus::InProgress,
            progress: Progress { phase: Phase::Importing, ..Progress::default() }.to_json(),
            engine: None,
            previous_id: previous,
        };
        scans::create(&mut tx, who, &new).await?;
        tx.commit().await?;
        Ok(ScanRef { id, previous })
    }

    /// None: the scan is no longer open.
    async fn keep(
        &self,
        who: &Scope,
        scan: &ScanRef,
        batch: &[NewFinding],
        progress: &mut Progress,
    ) -> Result<Option<Vec<Inserted>>, StoreError> {
        let mut tx = self.store.tenant_tx(who).await?;
        match scans::lock(&mut tx, scan.id).await {
            Ok(row) if row.status == ScanStatus::InProgress => {}
            Ok(_) | Err(StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        }
        let inserted = findings::insert(&mut tx, scan, batch, chrono::Utc::now()).await?;
        for (finding, inserted) in batch.iter().zip(&inserted) {
            if matches!(inserted, Inserted::New { .. }) {
                progress.count(1, finding.status, finding.severity, finding.evidence);
            }
        }
        scans::progress(&mut tx, scan.id, &progress.to_json()).await?;
        tx.commit().await?;
        Ok(Some(inserted))
    }

    async fn end_import(
        &self,
        who: &Scope,
        id: ScanId,
        progress: &Progress,
        failure: Option<String>,
        partial: bool,
    ) -> Result<(), StoreError> {
        let ending = Ending {
            status: if failure.is_some() { ScanStatus::Failed } else { ScanStatus::Completed },
            // What was refused was looked at, and is not there.
            partial: partial || failure.is_some() || progress.incomplete > 0,
            failure,
            progress: progress.to_json(),
        };
        let mut tx = self.store.tenant_tx(who).await?;
        scans::end(&mut tx, id, &ending).await?;
        tx.commit().await
    }
}
