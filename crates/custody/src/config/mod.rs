//! The configuration: one table of settings, four places that a value may come from, and the typed
//! form that the parts are built with.

mod jobs;
mod load;
mod objects;
mod search;
mod setting;

use std::{
    net::SocketAddr,
    num::{NonZeroU16, NonZeroUsize},
    path::PathBuf,
};

use custody_domain::TenantId;
use ipnetwork::IpNetwork;
use serde::Deserialize;

pub(crate) use self::{
    jobs::JobKinds,
    load::{Flags, Loaded, hide_settings, load, unknown_variables},
    search::Engine,
    setting::SETTINGS,
};

/// What the parts are built with. Each field is a row of [`SETTINGS`], which documents it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) database_url: Option<String>,
    pub(crate) keys: String,
    pub(crate) log_name: Option<String>,
    pub(crate) pg_bin: Option<PathBuf>,
    pub(crate) pool_app: u32,
    pub(crate) pool_writer: u32,
    pub(crate) pool_system: u32,
    pub(crate) pool_reaper: u32,
    pub(crate) prepared_statements: bool,
    pub(crate) partitions_ahead_days: u16,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) trusted_proxies: List<IpNetwork>,
    pub(crate) internal_networks: List<IpNetwork>,
    pub(crate) cors_origins: List<String>,
    pub(crate) body_limit_bytes: usize,
    pub(crate) bulk_limit_bytes: u64,
    pub(crate) spool_limit_bytes: u64,
    pub(crate) read_timeout_seconds: u64,
    pub(crate) rate_limit_tenant: u32,
    pub(crate) rate_limit_credential: u32,
    pub(crate) rate_limit_address: u32,
    pub(crate) quarantine_items_max: u64,
    pub(crate) quarantine_bytes_max: u64,
    pub(crate) search: Engine,
    pub(crate) search_own_indices: List<TenantId>,
    pub(crate) search_shards: NonZeroU16,
    pub(crate) search_rows_max: u64,
    pub(crate) queue: Queue,
    pub(crate) sqs_queue: String,
    pub(crate) sqs_dead_letters: Option<String>,
    pub(crate) job_slots: NonZeroUsize,
    pub(crate) job_kinds: JobKinds,
    pub(crate) prowler: Option<PathBuf>,
    pub(crate) scan_memory_bytes: u64,
    pub(crate) scan_processes: u16,
    pub(crate) scan_demo: bool,
    pub(crate) scan_allow_local: bool,
    pub(crate) scan_profiles: List<String>,
    pub(crate) objects: Option<String>,
    pub(crate) objects_encryption: objects::Encryption,
    pub(crate) objects_lock_mode: objects::LockMode,
    pub(crate) anchor_lock_days: u16,
    pub(crate) drain_seconds: u64,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
}

/// What hands jobs to workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Queue {
    Postgres,
    Sqs,
}

/// How log lines are written to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// A list, written as a TOML array or as text with commas.
#[derive(Clone, Debug, Default)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<'de, T> Deserialize<'de> for List<T>
where
    T: std::str::FromStr + Deserialize<'de>,
    T::Err: std::fmt::Display,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Source<T> {
            Array(Vec<T>),
            Text(String),
        }
        match Source::<T>::deserialize(deserializer)? {
            Source::Array(items) => Ok(Self(items)),
            Source::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().map_err(serde::de::Error::custom))
                .collect::<Result<_, _>>()
                .map(Self),
        }
    }
}
