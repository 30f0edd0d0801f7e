//! The server's private PostgreSQL, looked at from beside: sizes, write-ahead log, time used.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, bail};
use custody_keys::Keys;
use custody_store::embedded::{Access, Config, Place};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::process::{self, Cpu};

#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) connection: PgConnection,
    pub(crate) version: String,
    postmaster: u32,
}

/// Bytes on disk of a table, all its partitions together.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Size {
    /// With what is stored out of line and the maps of free and visible pages.
    pub(crate) heap: u64,
    pub(crate) index: u64,
}

impl Database {
    /// Attaches to the database of a data directory that a server serves.
    pub(crate) async fn attach(data: &Path) -> anyhow::Result<Self> {
        let place = Place::find(data).await?;
        let keys = Keys::local(&place.layout().key_file())?;
        let cluster = place.layout().cluster();
        let Access::Attached { url } = place.database(&Config::default(), &keys).await? else {
            bail!("no server serves {}", data.display());
        };
        let mut connection = PgConnection::connect(&url).await?;
        let version = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
        let pid_file = std::fs::read_to_string(cluster.join("postmaster.pid"))?;
        let postmaster = pid_file.lines().next().context("postmaster.pid is empty")?.trim().parse()?;
        Ok(Self { connection, version, postmaster })
    }

    /// How far the write-ahead log was written, in bytes.
    pub(crate) async fn wal(&mut self) -> anyhow::Result<u64> {
        let position: i64 =
            sqlx::query_scalar("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
                .fetch_one(&mut self.connection)
                .await?;
        Ok(u64::try_from(position)?)
    }

    /// Every table of the schema.
    pub(crate) async fn sizes(&mut self) -> anyhow::Result<BTreeMap<String, Size>> {
        let rows = sqlx::query(
            "SELECT coalesce(parent.relname, c.relname)::text AS name,
                    sum(pg_table_size(c.oid))::bigint AS heap, sum(pg_indexes_size(c.oid))::bigint AS index
             FROM pg_class c
             LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
             LEFT JOIN pg_class parent ON parent.oid = i.inhparent
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
             GROUP BY 1",
        )
        .fetch_all(&mut self.connection)
        .await?;
        let size = |row: &sqlx::postgres::PgRow| {
            let bytes = |column| row.get::<i64, _>(column).unsigned_abs();
            (row.get::<String, _>("name"), Size { heap: bytes("heap"), index: bytes("index") })
        };
        Ok(rows.iter().map(size).collect())
    }

    /// Time used so far, by kind of process.
    pub(crate) fn cpu(&self) -> anyhow::Result<BTreeMap<String, Cpu>> {
        process::cpu_of_family(self.postmaster)
    }

    /// What PostgreSQL runs with, where it matters for durability and speed.
    pub(crate) async fn settings(&mut self) -> anyhow::Result<BTreeMap<String, String>> {
        let rows = sqlx::query(
            "SELECT name, current_setting(name) AS value FROM pg_settings WHERE name IN
                ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers',
                 'max_wal_size', 'checkpoint_timeout', 'wal_compression', 'wal_level', 'wal_buffers')",
        )
        .fetch_all(&mut self.connection)
        .await?;
        Ok(rows.iter().map(|row| (row.get("name"), row.get("value"))).collect())
    }
}
