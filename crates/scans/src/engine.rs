//! The engine of this machine: where it is, what it can check, and how its processes are started.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use custody_auth::Scope as Who;
use custody_store::{Store, catalogues};
use tokio::sync::Semaphore;

use crate::{
    Given, ScansError,
    catalogue::{Catalogue, Read},
    driver::Launch,
    environment::Environment,
};

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    store: Store,
    environment: Arc<Environment>,
    /// Where processes have their temporary homes.
    homes: PathBuf,
    /// Of each process; 0: as much as there is.
    pub(crate) memory_bytes: u64,
    /// One for each process that the scans of this worker may have together.
    pub(crate) places: Arc<Semaphore>,
    /// What tenants' profiles are read from, where the operator allows any.
    profiles: Option<PathBuf>,
    own: Arc<tokio::sync::Mutex<Option<Own>>>,
    /// Of the database, by provider: the one that was asked for last.
    kept: Arc<Mutex<BTreeMap<String, Arc<Catalogue>>>>,
}

/// What one python's engine can check, by provider.
type Own = (PathBuf, BTreeMap<String, Arc<Catalogue>>);

impl Engine {
    /// `processes`: of all scans of this worker together; each has one in any case.
    pub fn new(
        store: Store,
        environment: Environment,
        homes: PathBuf,
        memory_bytes: u64,
        processes: u16,
        profiles: Option<PathBuf>,
    ) -> Self {
        Self {
            store,
            environment: Arc::new(environment),
            homes,
            memory_bytes,
            places: Arc::new(Semaphore::new(usize::from(processes))),
            profiles,
            own: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// How processes are started here; in words, why none can be.
    pub(crate) async fn launch(&self) -> Result<Launch, String> {
        let environment = self.environment.clone();
        let python = tokio::task::spawn_blocking(move || environment.python()).await;
        let python = python.map_err(|error| error.to_string())??;
        Ok(Launch::new(python, self.homes.clone()))
    }

    /// What this machine's engine can check of a provider. It is read once, and kept for all.
    pub(crate) async fn catalogue(&self, provider: &str) -> Result<Arc<Catalogue>, String> {
        let launch = self.launch().await?;
        let mut own = self.own.lock().await;
        if own.as_ref().is_none_or(|(python, _)| *python != launch.python) {
            let document = launch.output("catalogue.py").await.map_err(|error| error.to_string())?;
            let read = tokio::task::spawn_blocking(move || Read::of(&document)).await;
            let read = read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
            for stored in read.all() {
                catalogues::keep(&self.store, stored).await.map_err(|error| error.to_string())?;
            }
            *own = Some((launch.python, read.unpacked().map_err(|error| error.to_string())?));
        }
        let found = own.as_ref().and_then(|(_, all)| all.get(provider)).cloned();
        found.ok_or_else(|| format!("the engine of this worker has no checks of {provider}"))
    }

    /// The one that is kept, or else this machine's own.
    pub(crate) async fn newest_catalogue(
        &self,
        who: &Who,
        provider: &str,
    ) -> Result<Arc<Catalogue>, ScansError> {
        let Some((engine, version)) = catalogues::newest(&self.store, who, provider).await? else {
            return self.catalogue(provider).await.map_err(|reason| {
                tracing::info!(reason, "there is no catalogue of checks yet");
                ScansError::NotSetUp
            });
        };
        let newest = format!("{engine} {version}");
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(provider).cloned();
        if let Some(known) = known.filter(|known| known.engine == newest) {
            return Ok(known);
        }
        let stored = catalogues::get(&self.store, who, &engine, &version, provider).await?;
        let unpacked = tokio::task::spawn_blocking(move || Catalogue::unpack(&stored)).await;
        let unpacked = unpacked.map_err(ScansError::defect)?.map_err(ScansError::defect)?;
        let catalogue = Arc::new(unpacked);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(provider.to_owned(), catalogue.clone());
        Ok(catalogue)
    }

    /// Where a profile that is given is read.
    pub(crate) fn profile_file(&self, given: &Given) -> Option<String> {
        given.setting("profile")?;
        Some(self.profiles.as_ref()?.to_string_lossy().into_owned())
    }
}
