//! The pools, one for each role, and the four ways to begin a transaction.
//!
//! There is no other way to speak to the database: no statement runs outside an explicit
//! transaction, and nothing is set that outlives one, so that a pooler in transaction mode can
//! stand in front.

use std::sync::Arc;

use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_keys::{Keys, Zeroizing};
use sqlx::postgres::{PgConnectOptions, PgRow};

use crate::{
    DatabaseConfig, DatabaseRole, Hints, Installation, StoreError, installation, installation_secrets,
    migrate,
    pool::Pool,
    transaction::{
        AsFollower, AsOwner, AsReaper, AsSystem, AsTenant, AsWriter, FencedTx, ReaperTx, Restricted,
        SystemTx, TenantTx, WriterTx,
    },
};

/// The database of one installation, as its four roles see it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app: Pool,
    writer: Pool,
    system: Pool,
    reaper: Pool,
    hints: Hints,
    installation: Installation,
    cursor_secret: Zeroizing<[u8; 32]>,
    partitions_ahead_days: u16,
}

impl Store {
    /// Opens the pools of a database that [`crate::migrate`] has prepared. Connections are made
    /// when they are needed, and made again after the database was away.
    pub async fn connect(config: &DatabaseConfig, keys: &Keys) -> Result<Self, StoreError> {
        let owner = Pool::of_owner(config)?;
        let mut tx = owner.begin(AsOwner).await?;
        if migrate::database_version(&mut tx).await? != migrate::program_version() {
            return Err(StoreError::unexpected(
                "the database is not at this program's schema; run: custody migrate",
            ));
        }
        let installation = installation::find(&mut tx)
            .await?
            .ok_or_else(|| StoreError::unexpected("the installation has no row"))?;
        let hints = Hints::default();
        let mut pool = async |role, connections_max| {
            let hints = hints.clone();
            Pool::of_role(role, connections_max, &mut tx, &installation, config, keys, hints).await
        };
        let app = pool(DatabaseRole::App, config.app_connections).await?;
        let writer = pool(DatabaseRole::Writer, config.writer_connections).await?;
        let system = pool(DatabaseRole::System, config.system_connections).await?;
        let reaper = pool(DatabaseRole::Reaper, config.reaper_connections).await?;
        let cursor_secret = installation_secrets::load_or_create(&mut tx, keys).await?;
        tx.commit().await?;
        owner.close().await;
        let partitions_ahead_days = config.partitions_ahead_days;
        Ok(Self(Arc::new(Inner {
            app,
            writer,
            system,
            reaper,
            hints,
            installation,
            cursor_secret,
            partitions_ahead_days,
        })))
    }

    /// What was fixed when the installation was made.
    pub fn installation(&self) -> &Installation {
        &self.0.installation
    }

    /// What follows the commits of this process.
    pub fn hints(&self) -> &Hints {
        &self.0.hints
    }

    /// What all servers of this installation seal the cursors of lists with.
    pub fn cursor_secret(&self) -> [u8; 32] {
        *self.0.cursor_secret
    }

    /// To open a session of the system's role with, beside the pools; none behind a pooler that
    /// gives none.
    pub(crate) fn session_options(&self) -> Option<PgConnectOptions> {
        self.0.system.session_options()
    }

    pub(crate) fn partitions_ahead_days(&self) -> u16 {
        self.0.partitions_ahead_days
    }

    /// Begins a transaction that sees the scope's tenant alone, as the app role.
    pub async fn tenant_tx(&self, scope: &Scope) -> Result<TenantTx, StoreError> {
        self.0.app.begin_in(scope.tenant(), AsTenant(scope.tenant(), Restricted::of(scope))).await
    }

    /// What one statement without parameters answers in the scope's tenant, in one round trip.
    pub(crate) async fn ask_in_tenant(
        &self,
        scope: &Scope,
        statement: &str,
    ) -> Result<Vec<PgRow>, StoreError> {
        self.0.app.ask_in(scope.tenant(), statement).await
    }

    /// Begins a transaction of the ledger's writer.
    pub async fn writer_tx(&self) -> Result<WriterTx, StoreError> {
        self.0.writer.begin(AsWriter(())).await
    }

    /// Begins a transaction of the ledger's writer, and answers what its first statement answers.
    pub(crate) async fn writer_tx_asking(
        &self,
        statement: &str,
    ) -> Result<(WriterTx, Vec<PgRow>), StoreError> {
        self.0.writer.begin_asking(AsWriter(()), statement).await
    }

    /// Begins a transaction that sees a few columns of all tenants.
    pub async fn system_tx(&self) -> Result<SystemTx, StoreError> {
        self.0.system.begin(AsSystem(())).await
    }

    /// As [`Self::system_tx`], and rows are fetched by an index, key by key.
    pub(crate) async fn system_tx_by_key(&self) -> Result<SystemTx, StoreError> {
        self.0.system.begin_by_key(AsSystem(())).await
    }

    /// Begins a transaction of the system's role, for [`crate::leases::Fence`] to check.
    pub(crate) async fn fenced_tx(&self, follower: &'static str) -> Result<FencedTx, StoreError> {
        self.0.system.begin(AsFollower(follower)).await
    }

    /// Begins a transaction that may redact and delete in one tenant.
    pub async fn reaper_tx(
        &self,
        _authority: &SystemAuthority,
        tenant: TenantId,
    ) -> Result<ReaperTx, StoreError> {
        self.0.reaper.begin_in(tenant, AsReaper(tenant)).await
    }

    /// Closes all connections; transactions that are open are waited for.
    pub async fn close(&self) {
        for role in [&self.0.app, &self.0.writer, &self.0.system, &self.0.reaper] {
            role.close().await;
        }
    }
}
