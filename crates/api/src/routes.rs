//! The handlers: one folder a resource, one file a verb.

pub(crate) mod api_keys;
pub(crate) mod auth;
pub(crate) mod checks;
pub(crate) mod compliance;
mod created;
pub(crate) mod files;
pub(crate) mod findings;
pub(crate) mod followers;
pub(crate) mod frameworks;
pub(crate) mod health;
pub(crate) mod invitations;
pub(crate) mod jobs;
pub(crate) mod log;
pub(crate) mod logs;
pub(crate) mod mask_policy;
pub(crate) mod metrics;
pub(crate) mod openapi_document;
pub(crate) mod producers;
pub(crate) mod providers;
pub(crate) mod quarantine;
pub(crate) mod row_grant;
pub(crate) mod scans;
pub(crate) mod schedules;
pub(crate) mod shapes;
pub(crate) mod tenants;
pub(crate) mod users;
pub(crate) mod well_known;
