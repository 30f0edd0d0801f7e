//! The four LOGIN roles that the program works as, and their passwords (`role_credentials`).

use custody_keys::{Keys, Zeroizing};
use sqlx::{AssertSqlSafe, Row as _};

use crate::{MigrateError, StoreError, installation::Installation, transaction::OwnerTx};

pub(crate) mod scram;

/// One of the four roles that the program works as; `access.sql` says what each may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatabaseRole {
    App,
    Writer,
    System,
    Reaper,
}

impl DatabaseRole {
    pub const ALL: [Self; 4] = [Self::App, Self::Writer, Self::System, Self::Reaper];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Writer => "writer",
            Self::System => "system",
            Self::Reaper => "reaper",
        }
    }

    /// What its password is sealed for.
    fn purpose(self) -> String {
        format!("role_credentials/{}", self.as_str())
    }
}

/// A role's password: hexadecimal, so that no URL and no SQL needs to escape it.
pub(crate) type Password = Zeroizing<String>;

/// The role's password, or none where none was made yet.
pub(crate) async fn password(
    owner: &mut OwnerTx,
    role: DatabaseRole,
    keys: &Keys,
) -> Result<Option<Password>, StoreError> {
    let row = sqlx::query("SELECT sealed FROM role_credentials WHERE role = $1")
        .bind(role.as_str())
        .fetch_optional(owner.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let opened = keys
        .open(&role.purpose(), row.try_get("sealed")?)
        .await
        .map_err(|error| StoreError::Unexpected(Box::new(error)))?;
    let text =
        std::str::from_utf8(&opened).map_err(|_| StoreError::unexpected("a role's password is no text"))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// Makes each role that is missing, with a password of its own. A role that is there keeps its
/// password if it is ours, so that servers that run are not locked out.
pub(crate) async fn ensure(
    owner: &mut OwnerTx,
    installation: &Installation,
    keys: &Keys,
) -> Result<(), MigrateError> {
    for role in DatabaseRole::ALL {
        let name = installation.role_name(role);
        let exists = sqlx::query("SELECT FROM pg_roles WHERE rolname = $1")
            .bind(&name)
            .fetch_optional(owner.connection())
            .await?
            .is_some();
        let known = password(owner, role, keys).await?;
        if exists {
            refuse_if_above_the_walls(owner, &name).await?;
        }
        if known.is_none() && exists {
            refuse_if_taken(owner, &name).await?;
        }
        let password = match known {
            Some(_) if exists => continue,
            Some(password) => password,
            None => create_password(owner, role, keys).await?,
        };
        // The verifier, not the password: statements end up in the server's log.
        let verb = if exists { "ALTER" } else { "CREATE" };
        let verifier = scram::verifier(&password, rand::random());
        let statement = format!(r#"{verb} ROLE "{name}" LOGIN PASSWORD '{verifier}'"#);
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(owner.connection()).await?;
    }
    Ok(())
}

async fn create_password(
    owner: &mut OwnerTx,
    role: DatabaseRole,
    keys: &Keys,
) -> Result<Password, MigrateError> {
    let random = Zeroizing::new(rand::random::<[u8; 32]>());
    let password = Zeroizing::new(hex::encode(*random));
    let sealed = keys.seal(&role.purpose(), password.as_bytes()).await?;
    sqlx::query("INSERT INTO role_credentials (role, sealed) VALUES ($1, $2)")
        .bind(role.as_str())
        .bind(sealed)
        .execute(owner.connection())
        .await?;
    Ok(password)
}

/// Row security and grants do not bind such a role, whoever made it so.
async fn refuse_if_above_the_walls(owner: &mut OwnerTx, name: &str) -> Result<(), MigrateError> {
    let row = sqlx::query("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = $1")
        .bind(name)
        .fetch_one(owner.connection())
        .await?;
    let attribute = if row.try_get("rolsuper")? {
        "SUPERUSER"
    } else if row.try_get("rolbypassrls")? {
        "BYPASSRLS"
    } else {
        return Ok(());
    };
    Err(MigrateError::RoleAboveTheWalls { role: name.to_owned(), attribute })
}

/// Roles belong to the server. One that another database on it uses is another installation's, and
/// a new password would lock that one out.
async fn refuse_if_taken(owner: &mut OwnerTx, name: &str) -> Result<(), MigrateError> {
    let other = sqlx::query(
        "SELECT d.datname::text AS database FROM pg_shdepend s
         JOIN pg_roles r ON r.oid = s.refobjid AND s.refclassid = 'pg_authid'::regclass
         JOIN pg_database d ON d.oid = CASE
             WHEN s.dbid <> 0 THEN s.dbid
             WHEN s.classid = 'pg_database'::regclass THEN s.objid END
         WHERE r.rolname = $1 AND d.datname <> current_database() LIMIT 1",
    )
    .bind(name)
    .fetch_optional(owner.connection())
    .await?;
    match other {
        Some(row) => {
            Err(MigrateError::RoleTaken { role: name.to_owned(), database: row.try_get("database")? })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
mod tests {
    use custody_testkit::TestDatabase;

    use super::*;
    use crate::{DatabaseConfig, pool::Pool, transaction::AsOwner};

    /// Every server has a superuser; the tests' owner is none and cannot make one.
    #[tokio::test]
    async fn a_role_that_no_wall_binds_is_refused() {
        let database = TestDatabase::create().await;
        let owner = Pool::of_owner(&DatabaseConfig::new(database.url())).unwrap();
        let mut tx = owner.begin(AsOwner).await.unwrap();
        let superuser: String =
            sqlx::query_scalar("SELECT rolname::text FROM pg_roles WHERE rolsuper LIMIT 1")
                .fetch_one(tx.connection())
                .await
                .unwrap();
        let error = refuse_if_above_the_walls(&mut tx, &superuser).await.unwrap_err();
        assert!(error.to_string().contains(&format!("ALTER ROLE {superuser:?} NOSUPERUSER")), "{error}");
        refuse_if_above_the_walls(&mut tx, "pg_monitor").await.unwrap();
        tx.rollback().await.unwrap();
        owner.close().await;
    }
}
