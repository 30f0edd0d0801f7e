//! `export.logs`: an export into a file that stays, for what is too large to be sent in one go.
//!
//! The file holds the log as it was when the job was asked for, so that every attempt writes the same one.
//! It is there once it is whole; its manifest, which is written after it, tells the next attempt that
//! there is nothing left to do but to say so.

mod file;

use std::time::Duration;

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{EntryId, query};
use custody_ledger::{Head, LedgerError};
use custody_objects::{Key, Objects, ObjectsError, PutOptions, layout};
use custody_queue::{Done, Job, JobError, Limits, OpContext};
use custody_search::Asked;
use custody_store::exports;
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Compression, ExportError, Exports, Format, Manifest, Request, trail};

/// What is behind the name of the file that says what is in another.
pub const MANIFEST_ENDING: &str = ".manifest.json";
/// No manifest is longer: its query has a bound.
const MANIFEST_BYTES_MAX: u64 = 256 * 1024;

/// What to write.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportLogs {
    name: String,
    query: String,
    /// What its asker may read, as a query; none where that is everything.
    grant: Option<String>,
    format: Format,
    compression: Compression,
    epoch: u32,
    size: u64,
    last_id: Option<EntryId>,
}

#[derive(Clone, Debug)]
pub struct ExportServices {
    pub exports: Exports,
    pub objects: Objects,
}

/// What lies beside the file: its manifest, and since when.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    custody_export: Manifest,
    file: String,
    completed_at: DateTime<Utc>,
}

impl ExportLogs {
    /// The same as a stream would give now.
    pub fn of(request: &Request) -> Self {
        Self {
            name: request.file_name(),
            query: request.query.clone(),
            grant: request.scope.grant().map(|grant| grant.render()),
            format: request.format,
            compression: request.compression,
            epoch: request.head.epoch,
            size: request.head.size,
            last_id: request.head.last_id,
        }
    }

    fn request(&self, id: uuid::Uuid, scope: &Scope) -> Result<Request, JobError> {
        let unreadable = |error| JobError::fatal(format!("its query cannot be read any more: {error}"));
        let grant = self.grant.as_deref().map(query::parse).transpose().map_err(unreadable)?;
        let asked = Asked::granted(grant, query::parse(&self.query).map_err(unreadable)?);
        Ok(Request {
            id,
            scope: scope.clone(),
            asked,
            query: self.query.clone(),
            format: self.format,
            compression: self.compression,
            head: Head { epoch: self.epoch, size: self.size, last_id: self.last_id },
        })
    }
}

impl Job for ExportLogs {
    const KIND: &'static str = "export.logs";

    const LIMITS: Limits = Limits {
        run_time_max: Duration::from_hours(12),
        tenant_max: Some(2),
        slots: Some(2),
        leaves_files: true,
        ..Limits::DEFAULT
    };

    type Services = ExportServices;

    async fn run(&self, context: &OpContext<ExportServices>) -> Result<Done, JobError> {
        let (services, scope, id) = (context.services(), context.scope(), context.job_id());
        let named = |name: &str| layout::job_file(scope, id, name).map_err(of_objects);
        let (file, beside) = (named(&self.name)?, named(&format!("{}{MANIFEST_ENDING}", self.name))?);
        let written = if let Some(written) = before(&services.objects, &beside).await? {
            written
        } else {
            let manifest = file::write(context, self.request(id, scope)?, &file).await?;
            let written =
                Written { custody_export: manifest, file: self.name.clone(), completed_at: Utc::now() };
            let bytes = serde_json::to_vec(&written).map_err(JobError::defect)?;
            services.objects.put(&beside, bytes.into(), PutOptions::default()).await.map_err(of_objects)?;
            written
        };
        let manifest = &written.custody_export;
        let mut details = trail::of_manifest(manifest);
        details["requested_by"] = json!(context.created_by());
        let mut tx = context.begin().await?;
        exports::ended_once(&mut tx, scope, id, details, written.completed_at).await?;
        tx.commit().await?;
        Done::with(&json!({
            "file": self.name,
            "manifest": format!("{}{MANIFEST_ENDING}", self.name),
            "entries": manifest.entries,
            "bytes": manifest.bytes,
            "sha256": manifest.sha256,
        }))
    }
}

/// The manifest that an earlier attempt left when the file was whole.
async fn before(objects: &Objects, key: &Key) -> Result<Option<Written>, JobError> {
    let download = match objects.get(key, None).await {
        Err(ObjectsError::NotFound) => return Ok(None),
        found => found.map_err(of_objects)?,
    };
    if download.bytes > MANIFEST_BYTES_MAX {
        return Ok(None);
    }
    let bytes = download.stream.try_collect::<Vec<_>>().await.map_err(of_objects)?.concat();
    Ok(serde_json::from_slice(&bytes).ok())
}

fn of_objects(error: ObjectsError) -> JobError {
    match error {
        ObjectsError::Refused { .. } => JobError::fatal(error.to_string()),
        error => JobError::again(error.to_string()),
    }
}

fn of_export(error: ExportError) -> JobError {
    match error {
        ExportError::Ledger(LedgerError::Unavailable(_)) => JobError::again("the database was not available"),
        ExportError::Ledger(LedgerError::Unreadable { seq, .. }) | ExportError::Content { seq } => {
            JobError::fatal(format!("entry {seq} cannot be read"))
        }
        error => JobError::defect(error),
    }
}
