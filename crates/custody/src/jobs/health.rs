//! `health`: looks at every part of the installation. What it finds is the job's result; what became unwell,
//! or well again, is an entry in the operators' log.

mod checks;

use std::path::PathBuf;

use custody_objects::Objects;
use custody_queue::{Done, Job, JobError, Kinds, OpContext};
use custody_search::opensearch::OpenSearch;
use custody_store::{
    Store,
    health::{self, Checked},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Health {}

#[derive(Clone, Debug)]
pub(super) struct Services {
    pub(super) store: Store,
    pub(super) objects: Objects,
    pub(super) data_dir: PathBuf,
    /// Where searches go by a node.
    pub(super) index: Option<OpenSearch>,
    /// How long their jobs may wait.
    pub(super) kinds: Kinds,
}

impl Job for Health {
    const KIND: &'static str = "health";
    type Services = Services;

    async fn run(&self, context: &OpContext<Services>) -> Result<Done, JobError> {
        let checked: Vec<Checked> = checks::all(context.services(), context.scope()).await;
        for Checked { name, is_well, .. } in &checked {
            metrics::gauge!("custody_health", "check" => *name).set(f64::from(u8::from(*is_well)));
        }
        let mut tx = context.begin().await?;
        let changed = health::note(&mut tx, context.scope(), &checked).await?;
        tx.commit().await?;
        for Checked { name, is_well, detail } in checked.iter().filter(|check| changed.contains(&check.name))
        {
            tracing::warn!(check = name, is_well, detail, "the installation's health has changed");
        }
        let checks: Vec<_> = checked
            .iter()
            .map(|check| json!({"check": check.name, "is_well": check.is_well, "detail": check.detail}))
            .collect();
        Done::with(&json!({"is_well": checked.iter().all(|check| check.is_well), "checks": checks}))
    }
}
