//! The store on a real database.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod bounded_reads;
mod catalogue;
mod citus;
mod connections;
mod embedded;
mod findings;
mod findings_page;
mod findings_triage;
mod fixture;
mod identity;
mod isolation;
mod leases;
mod migrations;
mod partitions;
mod quarantine;
mod resources;
