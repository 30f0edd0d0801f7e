//! Columns that are read into types of our own.

use custody_auth::{Role, RowGrant, SecretHash};
use sqlx::{Row as _, postgres::PgRow};

use crate::StoreError;

pub(crate) fn role(row: &PgRow, column: &str) -> Result<Role, StoreError> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|_| StoreError::unexpected(format!("{column} holds no role")))
}

/// One that cannot be read is an error, never taken for none: none gives everything.
pub(crate) fn row_grant(row: &PgRow, column: &str) -> Result<Option<RowGrant>, StoreError> {
    let text: Option<&str> = row.try_get(column)?;
    let grant = text.map(RowGrant::parse).transpose();
    grant.map_err(|_| StoreError::unexpected(format!("{column} holds no row grant")))
}

pub(crate) fn secret_hash(row: &PgRow, column: &str) -> Result<SecretHash, StoreError> {
    bytes32(row, column).map(SecretHash)
}

pub(crate) fn bytes32(row: &PgRow, column: &str) -> Result<[u8; 32], StoreError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|_| StoreError::unexpected(format!("{column} is not 32 bytes long")))
}
