//! Columns that are read into types of our own.

use custody_auth::{Role, SecretHash};
use sqlx::{Row as _, postgres::PgRow};

use crate::StoreError;

pub(crate) fn role(row: &PgRow, column: &str) -> Result<Role, StoreError> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|_| StoreError::unexpected(format!("{column} holds no role")))
}

pub(crate) fn secret_hash(row: &PgRow, column: &str) -> Result<SecretHash, StoreError> {
    bytes32(row, column).map(SecretHash)
}

pub(crate) fn bytes32(row: &PgRow, column: &str) -> Result<[u8; 32], StoreError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|_| StoreError::unexpected(format!("{column} is not 32 bytes long")))
}
