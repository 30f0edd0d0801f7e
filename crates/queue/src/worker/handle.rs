//! Runs one handler: reads what is to be done, hands it over, writes down how far it comes.

use std::{
    panic::AssertUnwindSafe,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use custody_auth::Scope;
use custody_store::{
    Store, fault,
    jobs::{self, Claim},
};
use futures::FutureExt as _;
use tokio::{sync::watch, time};

use crate::{
    Done, JobError,
    kinds::{Attempt, Kind},
    signal::{Signal, Why},
};

/// Progress is written so often at most.
const PROGRESS_PAUSE: Duration = Duration::from_millis(500);

/// In the worker's process, or in one of the job's own.
pub(crate) async fn handle(
    store: Store,
    scope: Scope,
    kind: Kind,
    claim: Claim,
    signal: Signal,
) -> Result<Done, JobError> {
    let _ = fault::point("job.taken").await;
    let (payload, created_by) = jobs::payload(&store, &scope, &claim).await?.ok_or(JobError::Lost)?;
    let progress = watch::Sender::new(None);
    let mut told = progress.subscribe();
    let attempt = Attempt {
        scope: scope.clone(),
        store: store.clone(),
        claim: claim.clone(),
        created_by,
        signal: signal.clone(),
        progress: progress.clone(),
    };
    let writer =
        Writer { store: &store, scope: &scope, claim: &claim, signal: &signal, written: Mutex::default() };
    let running = AssertUnwindSafe(kind.run(payload, attempt)).catch_unwind();
    let result = tokio::select! {
        result = running => result,
        () = writer.keep_writing(&mut told) => return Err(JobError::Lost),
    };
    let _ = fault::point("job.done").await;
    if !writer.has_written(progress.borrow().as_ref()) {
        writer.write(&mut told).await;
    }
    result.unwrap_or_else(|panic| Err(JobError::again(format!("it panicked: {}", words(&*panic)))))
}

struct Writer<'a> {
    store: &'a Store,
    scope: &'a Scope,
    claim: &'a Claim,
    signal: &'a Signal,
    /// The last word that the database has.
    written: Mutex<Option<String>>,
}

impl Writer<'_> {
    /// For as long as somebody may tell, which is for ever.
    async fn keep_writing(&self, told: &mut watch::Receiver<Option<String>>) {
        while told.changed().await.is_ok() {
            self.write(told).await;
            time::sleep(PROGRESS_PAUSE).await;
        }
    }

    fn has_written(&self, last: Option<&String>) -> bool {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == last
    }

    async fn write(&self, told: &mut watch::Receiver<Option<String>>) {
        let Some(json) = told.borrow_and_update().clone() else { return };
        match jobs::progress(self.store, self.scope, self.claim, &json).await {
            Ok(true) => *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(json),
            Ok(false) => self.signal.give(Why::Lost),
            Err(error) => tracing::debug!(%error, "progress was not written"),
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}
