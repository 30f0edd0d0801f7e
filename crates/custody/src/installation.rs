//! Opens what every verb of the operator works on: the data directory, the keys, the database.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use custody_auth::{AuthConfig, Authenticator, SystemAuthority, Tokens};
use custody_keys::Keys;
use custody_ledger::{CommitConfig, Ledger};
use custody_store::{
    DatabaseConfig, Store,
    embedded::{self, DataDir, Layout, Place, Purpose, Server},
    migrate::{Migrated, migrate},
    signing_keys,
};

use crate::config::Config;

/// An installation at work: migrated, connected, with the right to act for the system.
#[derive(Debug)]
pub(crate) struct Installation {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) authority: SystemAuthority,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) tokens: Tokens,
    pub(crate) migrated: Migrated,
    database: Database,
}

/// Whose database it is, and what must be kept until the end.
#[derive(Debug)]
enum Database {
    /// `DATABASE_URL`. The data directory stays locked for a server; a command beside one needs none.
    External { _held: Option<DataDir> },
    /// Ours, run by this process.
    Private(Server),
    /// Ours, run by a server that this command stands beside.
    Beside,
}

impl Installation {
    /// Opens it for `serve`, which holds the data directory for as long as it runs.
    pub(crate) async fn serve(config: &Config) -> anyhow::Result<Self> {
        let data_dir = DataDir::open(&config.data_dir, Purpose::Serve).await?;
        let keys = Keys::local(&data_dir.layout().key_file())?;
        if let Some(url) = &config.database_url {
            return Self::connect(config, url, keys, Database::External { _held: Some(data_dir) }).await;
        }
        let server = Server::start(data_dir, &private(config), &keys).await?;
        let url = server.url().to_owned();
        Self::connect(config, &url, keys, Database::Private(server)).await
    }

    /// Opens it for a command: beside a running server, or alone.
    pub(crate) async fn command(config: &Config) -> anyhow::Result<Self> {
        let place = Place::find(&config.data_dir).await?;
        let keys = Keys::local(&place.layout().key_file())?;
        if let Some(url) = &config.database_url {
            let held = match place {
                Place::Free(data_dir) => Some(data_dir),
                Place::Served(_) => None,
            };
            return Self::connect(config, url, keys, Database::External { _held: held }).await;
        }
        let access = place.database(&private(config), &keys).await?;
        let url = access.url().to_owned();
        let database = match access {
            embedded::Access::Started(server) => Database::Private(server),
            embedded::Access::Attached { .. } => Database::Beside,
        };
        Self::connect(config, &url, keys, database).await
    }

    async fn connect(config: &Config, url: &str, keys: Keys, database: Database) -> anyhow::Result<Self> {
        match Self::connected(config, url, keys).await {
            Ok(parts) => Ok(Self { database, ..parts }),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }

    async fn connected(config: &Config, url: &str, keys: Keys) -> anyhow::Result<Self> {
        let database = pools(config, url);
        let migrated = migrate(&database, &keys, config.log_name.as_deref())
            .await
            .context("the database could not be brought to this version's schema")?;
        let store = Store::connect(&database, &keys).await.context("the database could not be opened")?;
        signing_keys::load_or_create(&store, &keys, Utc::now()).await.context("the token signing key")?;
        let issuer = store.installation().log_name.clone();
        let directory = Arc::new(store.clone());
        let authenticator =
            Arc::new(Authenticator::new(AuthConfig { issuer, outside: Vec::new() }, directory));
        Ok(Self {
            tokens: authenticator.tokens(keys.clone()),
            authority: SystemAuthority::assume(),
            database: Database::Beside,
            authenticator,
            migrated,
            store,
            keys,
        })
    }

    /// The tenants' logs. Each one has a queue of its own for what it commits, so a process makes one.
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::new(self.store.clone(), self.keys.clone(), CommitConfig::default())
    }

    /// The private server, where this process runs one.
    pub(crate) fn private_server(&self) -> Option<&Server> {
        match &self.database {
            Database::Private(server) => Some(server),
            _ => None,
        }
    }

    /// Whether a server works on the data directory while this command does.
    pub(crate) fn is_beside_a_server(&self) -> bool {
        matches!(self.database, Database::Beside | Database::External { _held: None })
    }

    /// Closes the pools, then stops the database if this process started it.
    pub(crate) async fn close(self) {
        self.store.close().await;
        self.database.close().await;
    }
}

impl Database {
    async fn close(self) {
        if let Self::Private(server) = self {
            server.stop().await;
        }
    }
}

/// Runs `work` on an installation that is closed whatever comes of it.
pub(crate) async fn with<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Installation) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let known = Layout::new(&config.data_dir).version().exists();
    let installation = Installation::command(config).await?;
    if !known && config.database_url.is_none() {
        // Most likely it was meant to be another one.
        tracing::warn!("there was no installation in {}; a new one was made", config.data_dir.display());
    }
    let result = work(&installation).await;
    installation.close().await;
    result
}

pub(crate) fn private(config: &Config) -> embedded::Config {
    let mut private = embedded::Config::default();
    private.binaries.bin_dir.clone_from(&config.pg_bin);
    // Twice what the server holds, so that commands beside it find room.
    private.connections =
        2 * (config.pool_app + config.pool_writer + config.pool_system + config.pool_reaper) + 8;
    private
}

pub(crate) fn pools(config: &Config, url: &str) -> DatabaseConfig {
    let mut database = DatabaseConfig::new(url);
    database.app_connections = config.pool_app;
    database.writer_connections = config.pool_writer;
    database.system_connections = config.pool_system;
    database.reaper_connections = config.pool_reaper;
    database.partitions_ahead_days = config.partitions_ahead_days;
    if !config.prepared_statements {
        database.statement_cache_capacity = 0;
    }
    database
}
