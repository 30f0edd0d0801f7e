//! What a new cluster needs before anybody can migrate it: the owner's role and their database.

use std::time::Duration;

use custody_keys::Keys;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

use super::{
    EmbeddedError, Layout,
    endpoint::Endpoint,
    secret::{self, Password, Whose},
};

pub(super) const SUPERUSER: &str = "custody_superuser";
const OWNER: &str = "custody_owner";
const DATABASE: &str = "custody";
const CONNECT_WITHIN: Duration = Duration::from_secs(20);

/// The owner's URL, once the owner can connect; makes role and database where they are missing.
/// Idempotent: a start that was killed half-way is finished by the next.
pub(super) async fn provision(
    layout: &Layout,
    endpoint: &Endpoint,
    superuser: &Password,
    keys: &Keys,
) -> Result<String, EmbeddedError> {
    let path = layout.owner_secret();
    let known = secret::open(&path, Whose::Owner, keys).await?;
    if let Some(password) = &known {
        let url = endpoint.url(OWNER, password, DATABASE);
        if let Ok(connection) = connect(&url).await {
            let _ = connection.close().await;
            return Ok(url);
        }
    }
    let password = match known {
        Some(password) => password,
        None => secret::create(&path, Whose::Owner, keys).await?,
    };
    make(&endpoint.url(SUPERUSER, superuser, "postgres"), &password)
        .await
        .map_err(EmbeddedError::Provision)?;
    let url = endpoint.url(OWNER, &password, DATABASE);
    let connection = connect(&url).await.map_err(EmbeddedError::Provision)?;
    let _ = connection.close().await;
    Ok(url)
}

/// The owner's URL of a server that another process runs.
pub(super) async fn owner_url(
    layout: &Layout,
    endpoint: &Endpoint,
    keys: &Keys,
) -> Result<Option<String>, EmbeddedError> {
    let password = secret::open(&layout.owner_secret(), Whose::Owner, keys).await?;
    Ok(password.map(|password| endpoint.url(OWNER, &password, DATABASE)))
}

/// Whether the database answers.
pub(super) async fn answers(url: &str) -> bool {
    match connect(url).await {
        Ok(connection) => {
            let _ = connection.close().await;
            true
        }
        Err(error) => {
            tracing::debug!(%error, "the database does not answer yet");
            false
        }
    }
}

async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    tokio::time::timeout(CONNECT_WITHIN, options.disable_statement_logging().connect())
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)?
}

async fn make(url: &str, password: &Password) -> Result<(), sqlx::Error> {
    let mut connection = connect(url).await?;
    let exists = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)";
    let role: bool = sqlx::query_scalar(exists).bind(OWNER).fetch_one(&mut connection).await?;
    let verb = if role { "ALTER" } else { "CREATE" };
    // Nothing of the kind can be a bound parameter here; a verifier holds no quote.
    let attributes = "LOGIN CREATEROLE NOSUPERUSER NOCREATEDB NOBYPASSRLS NOREPLICATION";
    let statement = format!("{verb} ROLE {OWNER} {attributes} PASSWORD '{}'", secret::verifier(password));
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    let exists = "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)";
    let database: bool = sqlx::query_scalar(exists).bind(DATABASE).fetch_one(&mut connection).await?;
    if !database {
        let statement = format!("CREATE DATABASE {DATABASE} OWNER {OWNER}");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    // Nobody but the superuser has anything to look for there.
    for other in ["postgres", "template1"] {
        let statement = format!("REVOKE CONNECT, TEMPORARY ON DATABASE {other} FROM PUBLIC");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    connection.close().await
}
