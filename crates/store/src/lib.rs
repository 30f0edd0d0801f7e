//! PostgreSQL, the only system of record: migrations, roles and policies, one file per table, and
//! the private server for those who bring none.
//!
//! May know: SQL, tenants' walls, the keys port (for the roles' passwords and what is sealed).
//! Must not: decide who may do what, know HTTP, or let a statement run outside an explicit
//! transaction. It alone of the product uses sqlx; what it hands out is its own types.

mod access;
pub mod anchors;
pub mod announcements;
pub mod api_keys;
pub mod audit_outbox;
pub mod bodies;
mod by_index;
pub mod checkpoints;
mod columns;
pub mod commit;
pub mod config;
mod connection;
mod copied;
mod copy;
pub mod database;
pub mod directory;
mod email;
pub mod embedded;
pub mod entries;
pub mod errors;
pub mod event_keys;
pub mod expired;
pub mod exports;
pub mod fault;
pub mod followers;
pub mod heads;
pub mod health;
pub mod hints;
pub mod identity_error;
pub mod installation;
mod installation_secrets;
pub mod invitations;
pub mod issued_tokens;
pub mod jobs;
pub mod leases;
pub mod leaves;
mod literal;
pub mod log_keys;
pub mod mask_policies;
pub mod memberships;
pub mod migrate;
mod names;
mod nodelay;
pub mod one_time_secrets;
pub mod page;
pub mod partitions;
mod pool;
pub mod producers;
mod program;
pub mod projections;
pub mod quarantine;
pub mod raw_rows;
pub mod reads;
pub mod roles;
pub mod schedules;
mod server_version;
pub mod sessions;
pub mod sign_in;
pub mod signing_keys;
mod statement;
pub mod tenant_keys;
pub mod tenants;
pub mod tickets;
pub mod tiles;
pub mod transaction;
pub mod trees;
pub mod users;

pub use config::DatabaseConfig;
pub use database::Store;
pub use errors::StoreError;
pub use hints::Hints;
pub use identity_error::IdentityError;
pub use installation::Installation;
pub use invitations::CreatedInvitation;
pub use migrate::{MigrateError, Migrated, migrate};
pub use page::{Page, PageRequest};
pub use roles::DatabaseRole;
pub use server_version::server_version;
pub use transaction::{FencedTx, ReaperTx, SystemTx, TenantTx, WriterTx};
