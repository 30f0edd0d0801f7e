//! Rows of `entries` as the text of an INSERT, for a few: it goes to the server with COMMIT in one
//! round trip, where COPY needs two of its own.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::NewEntry;
use crate::{
    StoreError,
    heads::signed,
    literal::{bytes, null_or, text},
    partitions,
};

const COLUMNS: &str = "tenant_id, id, seq, occurred_at, severity, outcome, ip, action, actor_id, \
    actor_type, resource_type, resource_id, request_id, session_id, leaf_hash, body, producer_id, \
    producer_seq";

/// Ends with a semicolon. All rows are of `day`; at least one.
pub(crate) fn insert_statement(day: NaiveDate, rows: &[NewEntry<'_>]) -> Result<String, StoreError> {
    let mut out = format!("INSERT INTO {} ({COLUMNS}) VALUES ", partitions::name(day));
    for (at, row) in rows.iter().enumerate() {
        out.push_str(if at == 0 { "(" } else { ", (" });
        values(&mut out, row)?;
        out.push(')');
    }
    out.push_str("; ");
    Ok(out)
}

fn values(out: &mut String, row: &NewEntry<'_>) -> Result<(), StoreError> {
    let columns = row.columns;
    let _ = write!(out, "'{}','{}',{},", row.tenant, row.id, signed(row.seq)?);
    null_or(out, columns.occurred_at.map(|at| at.format("'%Y-%m-%dT%H:%M:%S%.6f+00'")));
    null_or(out, columns.severity);
    null_or(out, columns.outcome);
    null_or(out, columns.ip.map(|ip| format!("'{ip}'")));
    for column in [
        &columns.action,
        &columns.actor_id,
        &columns.actor_type,
        &columns.resource_type,
        &columns.resource_id,
        &columns.request_id,
        &columns.session_id,
    ] {
        text(out, column.as_deref())?;
        out.push(',');
    }
    bytes(out, row.leaf_hash);
    out.push(',');
    bytes(out, row.body);
    out.push(',');
    text(out, columns.producer_id.as_deref())?;
    out.push(',');
    let seq = columns.producer_seq.map_or_else(|| "NULL".to_owned(), |seq| seq.to_string());
    out.push_str(&seq);
    Ok(())
}
