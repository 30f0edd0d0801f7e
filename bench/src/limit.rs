//! What the same PostgreSQL does with the same JSON when nobody asks for a log: the limit that the
//! server is set beside. One connection, `COPY … (FORMAT binary)` into
//! `(tenant_id uuid, id uuid, body jsonb)`, durable.

use std::time::Instant;

use serde::Serialize;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::{database::Database, entries::Source, latency::Latency};

/// Bytes that are handed to the connection at once.
const PIECE_BYTES: usize = 256 * 1024;
const SEED: u64 = 11;

/// One raw COPY.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Copied {
    pub(crate) primary_key: bool,
    pub(crate) rows: usize,
    pub(crate) seconds: f64,
    pub(crate) rows_per_second: f64,
    /// CPU of the database, microseconds a row.
    pub(crate) database_us: f64,
    pub(crate) bytes_a_row: f64,
    pub(crate) wal_bytes_a_row: f64,
}

/// Copies `rows` entries in one transaction into a table of its own, and drops it. `primary_key`:
/// with the key `(tenant_id, id)` that a log could not be read without.
pub(crate) async fn copy(
    database: &mut Database,
    source: &Source,
    rows: usize,
    primary_key: bool,
) -> anyhow::Result<Copied> {
    let key = if primary_key { ", PRIMARY KEY (tenant_id, id)" } else { "" };
    let table = format!("CREATE TABLE bench_copy (tenant_id uuid, id uuid, body jsonb{key})");
    sqlx::query("DROP TABLE IF EXISTS bench_copy").execute(&mut database.connection).await?;
    sqlx::query(AssertSqlSafe(table)).execute(&mut database.connection).await?;
    let pieces = encoded(source, rows);
    let (wal, cpu) = (database.wal().await?, database.cpu()?);
    let began = Instant::now();
    send(&mut database.connection, &pieces).await?;
    let seconds = began.elapsed().as_secs_f64();
    let (wal, spent) = (database.wal().await? - wal, crate::measure::spent(&cpu, &database.cpu()?));
    let size = database.sizes().await?.get("bench_copy").copied().unwrap_or_default();
    sqlx::query("DROP TABLE bench_copy").execute(&mut database.connection).await?;
    #[expect(clippy::cast_precision_loss, reason = "all are far below 2^52")]
    let each = |total: f64| total / rows as f64;
    #[expect(clippy::cast_precision_loss, reason = "all are far below 2^52")]
    Ok(Copied {
        primary_key,
        rows,
        seconds,
        rows_per_second: rows as f64 / seconds,
        database_us: each(spent.0.as_secs_f64() * 1e6),
        bytes_a_row: each((size.heap + size.index) as f64),
        wal_bytes_a_row: each(wal as f64),
    })
}

/// The transaction of COPY is its own: durable when `finish` returns.
async fn send(connection: &mut PgConnection, pieces: &[Vec<u8>]) -> anyhow::Result<()> {
    let mut copy = connection.copy_in_raw("COPY bench_copy FROM STDIN (FORMAT binary)").await?;
    for piece in pieces {
        copy.send(piece.as_slice()).await?;
    }
    copy.finish().await?;
    Ok(())
}

/// PostgreSQL's binary COPY format (manual, COPY, "Binary Format").
fn encoded(source: &Source, rows: usize) -> Vec<Vec<u8>> {
    let tenant = Uuid::from_u128(SEED.into());
    let mut pieces = Vec::new();
    let mut piece = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for body in source.entries(SEED, rows, false) {
        piece.extend_from_slice(&3_i16.to_be_bytes());
        for id in [tenant, Uuid::now_v7()] {
            piece.extend_from_slice(&16_i32.to_be_bytes());
            piece.extend_from_slice(id.as_bytes());
        }
        let length = i32::try_from(body.len() + 1).unwrap_or(i32::MAX);
        piece.extend_from_slice(&length.to_be_bytes());
        // The version of jsonb's own wire form.
        piece.push(1);
        piece.extend_from_slice(&body);
        if piece.len() >= PIECE_BYTES {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    piece.extend_from_slice(&(-1_i16).to_be_bytes());
    pieces.push(piece);
    pieces
}

/// How long one small commit takes: an INSERT of a kilobyte, one statement, one round trip.
pub(crate) async fn small_commits(database: &mut Database, count: usize) -> anyhow::Result<Latency> {
    let connection = &mut database.connection;
    sqlx::query("CREATE TABLE IF NOT EXISTS bench_commit (id uuid PRIMARY KEY, body bytea)")
        .execute(&mut *connection)
        .await?;
    let body = vec![7_u8; 1_000];
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        sqlx::query("INSERT INTO bench_commit VALUES ($1, $2)")
            .bind(Uuid::now_v7())
            .bind(&body)
            .execute(&mut *connection)
            .await?;
        times.push(began.elapsed());
    }
    sqlx::query("DROP TABLE bench_commit").execute(&mut *connection).await?;
    Ok(Latency::of(&mut times))
}
