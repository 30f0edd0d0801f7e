//! What the last looks came to, for whoever asks how the installation is.

use custody_auth::Scope;
use custody_queue::Job as _;
use custody_store::{
    Store, StoreError,
    jobs::{self, Job, JobFilter, Status},
};
use serde_json::{Value, json};

use super::{DIFFERS, Reconcile};

/// By what each is shown: the schedule's name.
const SHOWN: [(&str, &str); 2] =
    [("lately", "schedule:search.reconcile"), ("all", "schedule:search.reconcile.all")];
/// More than come in a day and a night, in which there is one of each.
const JOBS: u32 = 50;

/// `{"lately": {"at", "found": "agrees" | "differs" | "nothing", "behind"}, "all": …}`; null where none has
/// ended yet. Names no tenant. `scope` is of the operators' tenant.
pub(crate) async fn last(store: &Store, scope: &Scope) -> Result<Value, StoreError> {
    let filter = JobFilter { status: None, kind: Some(Reconcile::KIND.to_owned()) };
    let mut tx = store.tenant_tx(scope).await?;
    let jobs = jobs::page(&mut tx, &filter, None, JOBS).await?;
    tx.commit().await?;
    let of = |key: &str| {
        let mut ended = jobs.iter().filter(|job| job.status.has_ended());
        ended.find(|job| job.unique_key.as_deref() == Some(key)).map(shown)
    };
    Ok(SHOWN.iter().map(|(name, key)| ((*name).to_owned(), of(key).unwrap_or_default())).collect())
}

fn shown(job: &Job) -> Value {
    let differs = job.failure.as_deref().is_some_and(|failure| failure.starts_with(DIFFERS));
    let found = match job.status {
        Status::Completed => "agrees",
        _ if differs => "differs",
        // The node was away, or an operator did not wait.
        _ => "nothing",
    };
    let result: Value =
        job.result.as_deref().and_then(|result| serde_json::from_str(result).ok()).unwrap_or_default();
    json!({"at": job.ended_at, "found": found, "behind": result["behind"]})
}
