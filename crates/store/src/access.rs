//! Puts `access.sql` in force: every role, grant and policy, on one page.

use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;

use crate::{DatabaseRole, Installation, StoreError, transaction::OwnerTx};

const ACCESS: &str = include_str!("../access.sql");

/// Runs the page in the caller's transaction, if it or the names in it are not those in force. The page
/// locks every table for a moment, so it is not run at every start.
pub(crate) async fn apply(owner: &mut OwnerTx, installation: &Installation) -> Result<(), StoreError> {
    let database: String =
        sqlx::query_scalar("SELECT current_database()::text").fetch_one(owner.connection()).await?;
    let page = render(installation, &database);
    let digest = Sha256::digest(&page).to_vec();
    let in_force: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT access_sha256 FROM installation").fetch_one(owner.connection()).await?;
    if in_force.as_ref() == Some(&digest) {
        return Ok(());
    }
    sqlx::raw_sql(AssertSqlSafe(page)).execute(owner.connection()).await?;
    sqlx::query("UPDATE installation SET access_sha256 = $1")
        .bind(digest)
        .execute(owner.connection())
        .await?;
    Ok(())
}

fn render(installation: &Installation, database: &str) -> String {
    let mut page = ACCESS.replace("{database}", &quoted(database));
    for role in DatabaseRole::ALL {
        let placeholder = format!("{{{}}}", role.as_str());
        page = page.replace(&placeholder, &quoted(&installation.role_name(role)));
    }
    page
}

/// A quoted identifier (PostgreSQL, 4.1.1).
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_placeholder_is_left() {
        let installation = Installation { log_name: "log".to_owned(), role_prefix: "custody".to_owned() };
        let page = render(&installation, "we\"ird");
        assert!(page.contains("\"custody_writer\"") && page.contains("\"we\"\"ird\""));
        let comments_gone: String = page.lines().filter(|line| !line.starts_with("--")).collect();
        assert!(!comments_gone.contains(['{', '}']), "{comments_gone}");
    }
}
