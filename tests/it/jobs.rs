//! Jobs over HTTP and by the command line: what a tenant sees of its own, and what it may do.

mod command_line;
mod files;
mod http;
mod readiness;
mod stream;

pub(crate) use self::http::ended;
