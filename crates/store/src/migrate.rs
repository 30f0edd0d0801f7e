//! Brings a database to this program's schema: migrations, the installation's row, roles, access,
//! partitions. Run at every start; where there is nothing to do it does nothing.

use std::collections::HashMap;

use custody_keys::{KeyError, Keys};
use sqlx::{
    Row as _,
    migrate::{Migration, Migrator},
};

use crate::{
    DatabaseConfig, Installation, StoreError, access, installation, partitions,
    pool::Pool,
    roles,
    transaction::{AsOwner, OwnerTx},
};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// What a migration did.
#[derive(Clone, Debug)]
pub struct Migrated {
    /// The schema's version before; 0 for an empty database.
    pub from: i64,
    pub to: i64,
    pub installation: Installation,
}

/// Why a database could not be brought to this program's schema. It is left at the last migration
/// that succeeded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    #[error(
        "the database is at schema {database}, newer than this program's {program}; \
         start the version of custody that it was last used with, or a later one"
    )]
    Newer { database: i64, program: i64 },
    #[error("migration {0} of the database is not the one that this program holds")]
    Changed(i64),
    #[error(
        "the log is named {kept} since its first start and its checkpoints carry that name; \
         it cannot become {asked}: remove CUSTODY_LOG_NAME or set it to {kept}"
    )]
    LogNameFixed { kept: String, asked: String },
    #[error("{0:?} cannot name a log: 1 to 200 characters, no space and no plus sign")]
    LogNameInvalid(String),
    #[error(
        "the role {role} is used by the database {database} on the same server; \
         give this database another name"
    )]
    RoleTaken { role: String, database: String },
    #[error(
        "the role {role} is a {attribute}, whom row security does not bind: \
         ALTER ROLE {role:?} NO{attribute}, or give this database another name"
    )]
    RoleAboveTheWalls { role: String, attribute: &'static str },
    #[error("a role's password cannot be sealed or opened: {0}")]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The newest schema that this program knows.
pub fn program_version() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Migrates as the owner, under a lock that other starting servers wait for. `log_name` names a
/// new installation's log (default: `custody-` and 16 random hex digits); it cannot be changed.
pub async fn migrate(
    config: &DatabaseConfig,
    keys: &Keys,
    log_name: Option<&str>,
) -> Result<Migrated, MigrateError> {
    let owner = Pool::of_owner(config)?;
    // A transaction's lock, held on a second connection: a session's would not survive a pooler,
    // and each migration is a transaction of its own.
    let mut lock = owner.begin(AsOwner).await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('custody.migrate', 0))")
        .execute(lock.connection())
        .await?;
    let migrated = migrate_locked(&owner, config, keys, log_name).await;
    lock.rollback().await?;
    owner.close().await;
    migrated
}

async fn migrate_locked(
    owner: &Pool,
    config: &DatabaseConfig,
    keys: &Keys,
    log_name: Option<&str>,
) -> Result<Migrated, MigrateError> {
    let mut tx = owner.begin(AsOwner).await?;
    let from = database_version(&mut tx).await?;
    tx.commit().await?;
    let to = program_version();
    if from > to {
        return Err(MigrateError::Newer { database: from, program: to });
    }
    run_migrations(owner).await?;
    let mut tx = owner.begin(AsOwner).await?;
    let installation = installation::ensure(&mut tx, log_name).await?;
    roles::ensure(&mut tx, &installation, keys).await?;
    access::apply(&mut tx, &installation).await?;
    partitions::create_ahead(tx.connection(), config.partitions_ahead_days).await?;
    tx.commit().await?;
    if from < to {
        tracing::info!(schema.from = from, schema.to = to, "database migrated");
    }
    Ok(Migrated { from, to, installation })
}

/// The newest migration that was applied; 0 where none was.
pub(crate) async fn database_version(owner: &mut OwnerTx) -> Result<i64, StoreError> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(owner.connection())
        .await?;
    if !there {
        return Ok(0);
    }
    Ok(sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(owner.connection())
        .await?)
}

/// As `sqlx migrate run` does it, in its table and with its checksums, but each in a transaction of
/// ours: sqlx's own leaves prepared statements behind, which a pooler hands to somebody else.
async fn run_migrations(owner: &Pool) -> Result<(), MigrateError> {
    let mut tx = owner.begin(AsOwner).await?;
    sqlx::raw_sql(HISTORY).execute(tx.connection()).await?;
    let rows =
        sqlx::query("SELECT version, checksum FROM _sqlx_migrations").fetch_all(tx.connection()).await?;
    tx.commit().await?;
    let mut applied = HashMap::new();
    for row in rows {
        applied.insert(row.try_get::<i64, _>("version")?, row.try_get::<Vec<u8>, _>("checksum")?);
    }
    for migration in MIGRATIONS.iter() {
        match applied.remove(&migration.version) {
            Some(checksum) if checksum == migration.checksum.as_ref() => {}
            Some(_) => return Err(MigrateError::Changed(migration.version)),
            None => run(owner, migration).await?,
        }
    }
    match applied.into_keys().next() {
        Some(unknown) => Err(MigrateError::Changed(unknown)),
        None => Ok(()),
    }
}

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version bigint PRIMARY KEY,
    description text NOT NULL,
    installed_on timestamptz NOT NULL DEFAULT now(),
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL)";

async fn run(owner: &Pool, migration: &Migration) -> Result<(), MigrateError> {
    let mut tx = owner.begin(AsOwner).await?;
    sqlx::raw_sql(migration.sql.clone()).execute(tx.connection()).await?;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ($1, $2, true, $3,
             (extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1e9)::bigint)",
    )
    .bind(migration.version)
    .bind(&*migration.description)
    .bind(&*migration.checksum)
    .execute(tx.connection())
    .await?;
    Ok(tx.commit().await?)
}
