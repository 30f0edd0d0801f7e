//! Scans, with the real Prowler and on a real database.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod asking;
mod broken;
mod broken_files;
mod conversion;
mod ends;
mod evidence;
mod failures;
mod findings_fixture;
mod fixture;
mod import_export;
mod network;
mod other_forms;
mod properties;
mod scan;
mod secrets;
