//! The HTTP edge: the routes (`router.rs` is the table of contents), the middleware stack
//! (`middleware.rs`, whole and in order), problems (`problem.rs`), and the OpenAPI document.
//!
//! May know: HTTP, JSON, and the public interfaces of the crates below. Must not: speak SQL, use a
//! cloud's SDK, or decide who may do what; handlers take a [`Permit`] and pass its scope on.

mod app;
mod config;
mod docs;
mod download;
mod extract;
mod file_links;
mod log_stream;
mod middleware;
mod openapi;
mod page;
mod permit;
mod pieces;
mod problem;
mod readiness;
mod router;
mod routes;
mod serve;
mod shares;
mod snapshot_stream;
mod socket;
mod streams;
mod version_watch;
mod watched_permit;

pub use self::{
    app::{App, Clock, Parts, WritesPdf},
    config::HttpConfig,
    file_links::FileLinks,
    openapi::openapi,
    permit::Permit,
    problem::Problem,
    readiness::{Check, Readiness},
    router::router,
    serve::{ServeConfig, TlsFiles, serve},
};
