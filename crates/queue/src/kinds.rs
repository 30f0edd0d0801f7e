//! The kinds of job that a program knows, with what each one's handler needs.

use std::{collections::BTreeMap, fmt, sync::Arc};

use custody_auth::Scope;
use custody_store::{
    Store,
    jobs::{Claim, Patience},
};
use futures::{FutureExt as _, future::BoxFuture};
use tokio::sync::watch;

use crate::{Done, Job, JobError, Limits, OpContext, signal::Signal};

/// What an attempt is given, whatever its kind.
pub(crate) struct Attempt {
    pub(crate) scope: Scope,
    pub(crate) store: Store,
    pub(crate) claim: Claim,
    pub(crate) created_by: String,
    pub(crate) signal: Signal,
    pub(crate) progress: watch::Sender<Option<String>>,
}

type Run = dyn Fn(String, Attempt) -> BoxFuture<'static, Result<Done, JobError>> + Send + Sync;

/// One kind.
#[derive(Clone)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) version: u16,
    pub(crate) limits: Limits,
    run: Arc<Run>,
}

impl Kind {
    fn of<J: Job>(services: J::Services) -> Self {
        let run = move |payload: String, attempt: Attempt| {
            let services = services.clone();
            async move {
                let job = J::read(attempt.claim.version, &payload).map_err(|error| {
                    // Never what stands there.
                    JobError::fatal(format!(
                        "its payload is no {} of version {} (line {}, column {})",
                        J::KIND,
                        attempt.claim.version,
                        error.line(),
                        error.column()
                    ))
                })?;
                let Attempt { scope, store, claim, created_by, signal, progress } = attempt;
                let context = OpContext { scope, services, store, claim, created_by, signal, progress };
                job.run(&context).await
            }
            .boxed()
        };
        Self { name: J::KIND, version: J::VERSION, limits: J::LIMITS, run: Arc::new(run) }
    }

    pub(crate) fn run(
        &self,
        payload: String,
        attempt: Attempt,
    ) -> BoxFuture<'static, Result<Done, JobError>> {
        (self.run)(payload, attempt)
    }
}

/// By name.
#[derive(Clone, Default)]
pub struct Kinds(BTreeMap<&'static str, Kind>);

impl Kinds {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind, with what its handler needs.
    #[must_use]
    pub fn with<J: Job>(mut self, services: J::Services) -> Self {
        self.0.insert(J::KIND, Kind::of::<J>(services));
        self
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// How long one of this kind may wait; none where it is not known.
    pub fn limits(&self, kind: &str) -> Option<Limits> {
        self.0.get(kind).map(|kind| kind.limits)
    }

    /// Those that leave no files behind.
    pub fn leaving_no_files(&self) -> Vec<&'static str> {
        self.iter().filter(|kind| !kind.limits.leaves_files).map(|kind| kind.name).collect()
    }

    /// How long jobs of these kinds and of those named in `others`, which another program may have asked
    /// for, may wait.
    pub fn patience<'a>(&self, others: impl IntoIterator<Item = &'a str>) -> Vec<Patience> {
        let others = others.into_iter().filter(|kind| !self.0.contains_key(kind));
        let others = others.map(|kind| (kind, Limits::DEFAULT));
        let known = self.iter().map(|kind| (kind.name, kind.limits));
        let patience = |(kind, limits): (&str, Limits)| Patience {
            kind: kind.to_owned(),
            wait_max: limits.wait_max,
            installation_max: limits.installation_max,
            tenant_max: limits.tenant_max,
        };
        known.chain(others).map(patience).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Kind> {
        self.0.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.values()
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
