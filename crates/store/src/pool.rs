//! Connections as one role, and how a transaction is begun on one.

use std::str::FromStr as _;

use custody_domain::TenantId;
use custody_keys::Keys;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};

use crate::{
    DatabaseConfig, DatabaseRole, Installation, StoreError,
    by_index::{BY_INDEX, BY_KEY},
    connection::Connection,
    hints::Hints,
    nodelay, roles,
    transaction::{OwnerTx, Tx},
};

/// A transaction that is left idle for so long belongs to a server that is stuck, and may hold a
/// head that others wait for.
const IDLE_MS_MAX: u32 = 60_000;

#[derive(Debug)]
pub(crate) struct Pool {
    connections: PgPool,
    connections_max: u32,
    keeps_statements: bool,
    hints: Hints,
    /// What every transaction starts with.
    prelude: String,
}

impl Pool {
    /// The owner's: one connection to work, one to hold the migrations' lock. What it does may take
    /// as long as it takes.
    pub(crate) fn of_owner(config: &DatabaseConfig) -> Result<Self, StoreError> {
        Ok(Self::open(config, options(config)?, 2, 0, Hints::default()))
    }

    /// A role's, whose password the owner reads.
    pub(crate) async fn of_role(
        role: DatabaseRole,
        connections_max: u32,
        owner: &mut OwnerTx,
        installation: &Installation,
        config: &DatabaseConfig,
        keys: &Keys,
        hints: Hints,
    ) -> Result<Self, StoreError> {
        let password = roles::password(owner, role, keys)
            .await?
            .ok_or_else(|| StoreError::unexpected("a role has no password"))?;
        let options = options(config)?.username(&installation.role_name(role)).password(&password);
        let statement_timeout_ms = config.statement_timeout.as_millis();
        Ok(Self::open(config, options, connections_max, statement_timeout_ms, hints))
    }

    fn open(
        config: &DatabaseConfig,
        options: PgConnectOptions,
        connections_max: u32,
        statement_timeout_ms: u128,
        hints: Hints,
    ) -> Self {
        let port = goes_over_tcp(&options).then(|| options.get_port());
        let connections = PgPoolOptions::new()
            .after_connect(move |_, _| {
                port.into_iter().for_each(nodelay::set_on_connections_to);
                Box::pin(std::future::ready(Ok(())))
            })
            .max_connections(connections_max)
            .acquire_timeout(config.acquire_timeout)
            // A connection that died in the pool is found by BEGIN (see `begin`), which saves a
            // round trip on every other one.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        let idle_ms = if statement_timeout_ms == 0 { 0 } else { IDLE_MS_MAX };
        // READ COMMITTED by name: what the ledger reads after it holds a head must be as new as the
        // head, whatever the server's default is.
        let prelude = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; \
             SET LOCAL statement_timeout = {statement_timeout_ms}; \
             SET LOCAL idle_in_transaction_session_timeout = {idle_ms}"
        );
        let keeps_statements = config.statement_cache_capacity > 0;
        Self { connections, connections_max, keeps_statements, hints, prelude }
    }

    /// One round trip.
    pub(crate) async fn begin<R>(&self, role: R) -> Result<Tx<R>, StoreError> {
        Ok(Tx::new(self.begin_with(self.prelude.clone()).await?.0, role, self.hints.clone()))
    }

    /// One round trip: a transaction, and what its first statement answers. No parameters: it goes
    /// with BEGIN.
    pub(crate) async fn begin_asking<R>(
        &self,
        role: R,
        statement: &str,
    ) -> Result<(Tx<R>, Vec<PgRow>), StoreError> {
        let (connection, rows) = self.begin_with(format!("{}; {statement}", self.prelude)).await?;
        Ok((Tx::new(connection, role, self.hints.clone()), rows))
    }

    /// One round trip: a transaction that fetches rows key by key.
    pub(crate) async fn begin_by_key<R>(&self, role: R) -> Result<Tx<R>, StoreError> {
        let (connection, _) = self.begin_with(format!("{}; {BY_KEY}", self.prelude)).await?;
        Ok(Tx::new(connection, role, self.hints.clone()))
    }

    /// One round trip: a transaction that sees the tenant's rows, and goes to them by an index.
    pub(crate) async fn begin_in<R>(&self, tenant: TenantId, role: R) -> Result<Tx<R>, StoreError> {
        let (connection, _) = self.begin_with(self.prelude_in(tenant)).await?;
        Ok(Tx::new(connection, role, self.hints.clone()))
    }

    /// One round trip: a whole transaction that sees the tenant's rows, and what its one statement
    /// answers. No parameters.
    pub(crate) async fn ask_in(&self, tenant: TenantId, statement: &str) -> Result<Vec<PgRow>, StoreError> {
        let (connection, rows) =
            self.begin_with(format!("{}; {statement}; COMMIT", self.prelude_in(tenant))).await?;
        connection.ended();
        Ok(rows)
    }

    fn prelude_in(&self, tenant: TenantId) -> String {
        // Citus hands on SET LOCAL, but neither set_config() nor SET; a UUID needs no quoting.
        format!("{}; {BY_INDEX}; SET LOCAL app.tenant_id = '{tenant}'", self.prelude)
    }

    async fn begin_with(&self, statement: String) -> Result<(Connection, Vec<PgRow>), StoreError> {
        // After the database went away each pooled connection may be dead once.
        let mut tries_left = self.connections_max;
        loop {
            let connection = self.connections.acquire().await?;
            match Connection::begin(connection, statement.clone(), self.keeps_statements).await {
                Ok(begun) => return Ok(begun),
                Err(error) if tries_left > 0 && is_dead_connection(&error) => tries_left -= 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// None behind a pooler in transaction mode, where a session is another's after each transaction.
    pub(crate) fn session_options(&self) -> Option<PgConnectOptions> {
        self.keeps_statements.then(|| (*self.connections.connect_options()).clone())
    }

    /// Waits for the transactions that are open.
    pub(crate) async fn close(&self) {
        self.connections.close().await;
    }
}

/// The URL's options, with what every connection of ours has in common.
fn options(config: &DatabaseConfig) -> Result<PgConnectOptions, StoreError> {
    Ok(PgConnectOptions::from_str(&config.url)?
        .application_name("custody")
        // Not sent, because PgBouncer refuses to start a session with it; we read no floats as text.
        .extra_float_digits(None)
        .statement_cache_capacity(config.statement_cache_capacity))
}

fn goes_over_tcp(options: &PgConnectOptions) -> bool {
    options.get_socket().is_none() && !options.get_host().starts_with('/')
}

/// A connection that was good once and is gone; a server that refuses new ones is not.
fn is_dead_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(io) => {
            !matches!(io.kind(), std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound)
        }
        sqlx::Error::Database(answer) => {
            matches!(answer.code().as_deref(), Some("57P01" | "57P02" | "25P02" | "25P03"))
        }
        _ => false,
    }
}
