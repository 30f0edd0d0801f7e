//! The table `installation`: one row of what was fixed when the installation was made.

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use uuid::{Builder, Uuid};

use crate::{DatabaseRole, MigrateError, StoreError, transaction::OwnerTx};

/// The longest that still leaves room for `_system` in PostgreSQL's 63 bytes.
const ROLE_PREFIX_BYTES_MAX: usize = 56;

/// What was fixed at first start and is never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The first part of every log's origin in checkpoints; never a listen address.
    pub log_name: String,
    /// The database's name at its first migration: roles are the server's, not the database's, so
    /// they carry it.
    pub role_prefix: String,
}

impl Installation {
    /// The same for all its servers, and no other installation's: made of the log's name.
    pub fn id(&self) -> Uuid {
        let hash: [u8; 32] = Sha256::digest(format!("custody installation {}", self.log_name)).into();
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Builder::from_custom_bytes(id).into_uuid()
    }

    /// `custody_app` for a database that was named `custody`.
    pub fn role_name(&self, role: DatabaseRole) -> String {
        format!("{}_{}", self.role_prefix, role.as_str())
    }
}

/// The row, made at the first migration.
pub(crate) async fn ensure(
    owner: &mut OwnerTx,
    log_name: Option<&str>,
) -> Result<Installation, MigrateError> {
    if let Some(kept) = find(owner).await? {
        return match log_name {
            Some(asked) if asked != kept.log_name => {
                Err(MigrateError::LogNameFixed { kept: kept.log_name, asked: asked.to_owned() })
            }
            _ => Ok(kept),
        };
    }
    let log_name = match log_name {
        Some(name) if is_log_name(name) => name.to_owned(),
        Some(name) => return Err(MigrateError::LogNameInvalid(name.to_owned())),
        None => format!("custody-{}", hex::encode(rand::random::<[u8; 8]>())),
    };
    let database: String =
        sqlx::query_scalar("SELECT current_database()::text").fetch_one(owner.connection()).await?;
    let role_prefix = role_prefix(&database);
    sqlx::query("INSERT INTO installation (log_name, role_prefix) VALUES ($1, $2)")
        .bind(&log_name)
        .bind(&role_prefix)
        .execute(owner.connection())
        .await?;
    Ok(Installation { log_name, role_prefix })
}

pub(crate) async fn find(owner: &mut OwnerTx) -> Result<Option<Installation>, StoreError> {
    let row = sqlx::query("SELECT log_name, role_prefix FROM installation")
        .fetch_optional(owner.connection())
        .await?;
    row.map(|row| {
        Ok(Installation { log_name: row.try_get("log_name")?, role_prefix: row.try_get("role_prefix")? })
    })
    .transpose()
}

/// As a key name in a C2SP signed note has to be.
fn is_log_name(name: &str) -> bool {
    (1..=200).contains(&name.chars().count()) && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

fn role_prefix(database: &str) -> String {
    database
        .chars()
        .map(|c| if matches!(c, 'a'..='z' | '0'..='9' | '_' | '-') { c } else { '_' })
        .take(ROLE_PREFIX_BYTES_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_prefixes_need_no_quoting_and_leave_room() {
        assert_eq!(role_prefix("custody"), "custody");
        assert_eq!(role_prefix("Größe \"x\""), "_r__e__x_");
        assert_eq!(role_prefix(&"d".repeat(63)).len(), ROLE_PREFIX_BYTES_MAX);
    }

    #[test]
    fn a_log_name_fits_a_signed_note() {
        assert!(is_log_name("log.example.com/custody"));
        for bad in ["", "a b", "a+b", "a\u{a0}b"] {
            assert!(!is_log_name(bad), "{bad:?}");
        }
    }
}
