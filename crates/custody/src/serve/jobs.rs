//! The kinds of job that this program knows, and the worker that runs them.

use std::sync::Arc;

use custody_queue::{Dispatch, Kinds, Postgres, Worker, WorkerConfig, hear::Heard};
use uuid::Uuid;

use crate::{
    config::{Config, Queue},
    installation::Installation,
};

/// Every kind, with what its handler needs.
pub(super) fn kinds(_installation: &Installation) -> Kinds {
    Kinds::new()
}

/// The worker of this process, known to others by `id`.
pub(super) fn start(installation: &Installation, config: &Config, heard: Heard, id: Uuid) -> Worker {
    let kinds = kinds(installation);
    let dispatch: Arc<dyn Dispatch> = match config.queue {
        Queue::Postgres => Arc::new(Postgres::new(
            installation.store.clone(),
            heard.wait.clone(),
            config.prepared_statements,
        )),
    };
    Worker::start(id, &installation.store, &installation.authority, kinds, dispatch, heard, worker(config))
}

fn worker(config: &Config) -> WorkerConfig {
    let default = WorkerConfig::default();
    let named = &config.job_kinds.named;
    WorkerConfig {
        name: format!("{} ({})", host(), std::process::id()),
        slots: config.job_slots.get(),
        slots_by_kind: named
            .iter()
            .map(|(kind, slots)| (kind.clone(), slots.unwrap_or(config.job_slots.get())))
            .collect(),
        other_kinds: config.job_kinds.others,
        ..default
    }
}

fn host() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.unwrap_or_else(|| "unknown host".to_owned())
}
