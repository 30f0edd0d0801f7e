//! Lists of items. The quota bounds what a tenant has of them, so a filter reads its rows and needs no
//! index of its own.

use chrono::{DateTime, Utc};
use custody_domain::QuarantineId;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{COLUMNS, Item, read};
use crate::{StoreError, TenantTx};

/// Which items: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub reason: Option<String>,
    pub source_format: Option<String>,
    /// Received then or later.
    pub from: Option<DateTime<Utc>>,
    /// Received before.
    pub to: Option<DateTime<Utc>>,
}

/// Newest first, those before `before`.
pub async fn page(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<QuarantineId>,
    limit: u32,
) -> Result<Vec<Item>, StoreError> {
    let mut query = select(COLUMNS, tx, filter);
    query.push(" AND id < ").push_bind(before.map_or(Uuid::max(), |id| id.0));
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
    query.build().fetch_all(tx.connection()).await?.iter().map(read).collect()
}

/// The ids of the oldest items, those after `after`: the order in which many are worked off.
pub async fn walk(
    tx: &mut TenantTx,
    filter: &Filter,
    after: Option<QuarantineId>,
    limit: u32,
) -> Result<Vec<QuarantineId>, StoreError> {
    let mut query = select("id", tx, filter);
    query.push(" AND id > ").push_bind(after.map_or(Uuid::nil(), |id| id.0));
    query.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
    let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(tx.connection()).await?;
    Ok(ids.into_iter().map(QuarantineId).collect())
}

fn select(columns: &str, tx: &TenantTx, filter: &Filter) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(format!("SELECT {columns} FROM quarantine WHERE tenant_id = "));
    query.push_bind(tx.tenant().0);
    if let Some(reason) = &filter.reason {
        query.push(" AND reason = ").push_bind(reason.clone());
    }
    if let Some(source_format) = &filter.source_format {
        query.push(" AND source_format = ").push_bind(source_format.clone());
    }
    if let Some(from) = filter.from {
        query.push(" AND received_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" AND received_at < ").push_bind(to);
    }
    query
}
