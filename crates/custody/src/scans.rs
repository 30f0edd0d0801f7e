//! Scans, as this process runs and takes them.

use std::{env, path::PathBuf};

use custody_scans::{Engine, Environment, Network, Policy, ScanServices, Scans};

use crate::{config::Config, installation::Installation};

/// What runs scans here, and what takes orders for them: of one engine, so that its catalogue is read once.
pub(crate) fn open(installation: &Installation, config: &Config) -> (ScanServices, Scans) {
    let (store, keys) = (installation.store.clone(), installation.keys.clone());
    let (engine, policy) = (engine(installation, config), policy(config));
    let services = ScanServices { keys: keys.clone(), engine: engine.clone(), policy: policy.clone() };
    (services, Scans::new(store, keys, policy, engine))
}

pub(crate) fn environment(config: &Config) -> Environment {
    Environment::of(config.prowler.as_deref(), &config.data_dir)
}

fn engine(installation: &Installation, config: &Config) -> Engine {
    Engine::new(
        installation.store.clone(),
        environment(config),
        homes(config),
        config.scan_memory_bytes,
        config.scan_processes,
        (!config.scan_profiles.0.is_empty()).then(profiles).flatten(),
    )
}

/// Of the processes of scans.
fn homes(config: &Config) -> PathBuf {
    config.data_dir.join("scans")
}

/// What a server before this one left behind, which was killed: its processes have ended with it.
pub(crate) fn sweep(config: &Config) {
    match std::fs::remove_dir_all(homes(config)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, "what scans left behind could not be removed");
        }
        _ => {}
    }
}

fn policy(config: &Config) -> Policy {
    Policy {
        network: Network { allow_local: config.scan_allow_local },
        profiles: config.scan_profiles.0.clone(),
        demo: config.scan_demo,
    }
}

/// As AWS's own tools look for it.
fn profiles() -> Option<PathBuf> {
    let named = env::var_os("AWS_CONFIG_FILE").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".aws/config")))
}
