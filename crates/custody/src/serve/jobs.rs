//! The kinds of job that this program knows, and the worker that runs them.

use std::sync::Arc;

use anyhow::Context as _;
use custody_ledger::Ledger;
use custody_objects::Objects;
use custody_queue::{
    Dispatch, Kinds, Launcher, Postgres, Sqs, Worker, WorkerConfig,
    hear::Heard,
    sqs::{RelayConfig, SqsConfig},
};
use custody_scans::{ScanServices, Scans};
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    config::{Config, Flags, Queue},
    installation::Installation,
    jobs as house,
    search::Searches,
};

/// Every kind, with what its handler needs.
pub(super) fn kinds(
    installation: &Installation,
    config: &Config,
    ledger: &Ledger,
    searches: &Searches,
    objects: &Objects,
    (scan_services, scans): (&ScanServices, &Scans),
) -> Kinds {
    let kinds = custody_scans::job::add_to(Kinds::new(), scan_services, scans.clone());
    #[cfg(faults)]
    let kinds = crate::probe::add_to(kinds, objects);
    house::add_to(kinds, installation, config, ledger, searches, objects)
}

/// The worker of this process, known to others by `id`.
pub(super) fn start(
    installation: &Installation,
    config: &Config,
    flags: &Flags,
    kinds: Kinds,
    dispatch: Arc<dyn Dispatch>,
    heard: &Heard,
    id: Uuid,
) -> Worker {
    Worker::start(
        id,
        &installation.store,
        &installation.authority,
        kinds,
        dispatch,
        heard,
        worker(config, flags),
    )
}

/// What hands it jobs. A message queue that a person has to see to is said at once; one that is only away
/// is opened when it is back.
pub(super) async fn dispatch(
    installation: &Installation,
    config: &Config,
    heard: &Heard,
) -> anyhow::Result<Arc<dyn Dispatch>> {
    let (store, wake) = (installation.store.clone(), heard.wait.clone());
    Ok(match config.queue {
        Queue::Postgres => Arc::new(Postgres::new(store, wake, config.prepared_statements)),
        Queue::Sqs => {
            let sqs = Sqs::new(store, sqs(installation, config), None, relay(), wake);
            match sqs.open().await {
                Err(error) if !error.passes() => {
                    return Err(error).context("the message queue of CUSTODY_QUEUE=sqs");
                }
                Err(error) => tracing::warn!(%error, "the message queue is away; jobs wait until it is back"),
                Ok(()) => {}
            }
            Arc::new(sqs)
        }
    })
}

fn sqs(installation: &Installation, config: &Config) -> SqsConfig {
    let mut sqs = SqsConfig::new(&config.sqs_queue, installation.store.installation().id());
    if let Some(dead_letters) = &config.sqs_dead_letters {
        sqs.dead_letters.clone_from(dead_letters);
    }
    #[cfg(faults)]
    let sqs = crate::probe::Times::from_environment().of_queue(sqs);
    sqs
}

fn relay() -> RelayConfig {
    let relay = RelayConfig::default();
    #[cfg(faults)]
    let relay = crate::probe::Times::from_environment().of_relay(relay);
    relay
}

/// This program again, with this configuration.
fn launcher(flags: &Flags) -> Launcher {
    let environment = flags.as_environment();
    Launcher::new(move || {
        // Not by its name, where a newer program may lie by now.
        let mut command = Command::new("/proc/self/exe");
        command.arg("run-job").envs(environment.iter().map(|(name, value)| (name, value)));
        command
    })
}

fn worker(config: &Config, flags: &Flags) -> WorkerConfig {
    let default = WorkerConfig::default();
    #[cfg(faults)]
    let default = crate::probe::Times::from_environment().of_worker(default);
    let named = &config.job_kinds.named;
    WorkerConfig {
        name: format!("{} ({})", host(), std::process::id()),
        slots: config.job_slots.get(),
        slots_by_kind: named
            .iter()
            .map(|(kind, slots)| (kind.clone(), slots.unwrap_or(config.job_slots.get())))
            .collect(),
        other_kinds: config.job_kinds.others,
        launcher: Some(launcher(flags)),
        ..default
    }
}

fn host() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.unwrap_or_else(|| "unknown host".to_owned())
}
