//! What the black-box tests share: a server, people in it, and words for asking.

pub(crate) mod api;
pub(crate) mod aws;
pub(crate) mod server;
pub(crate) mod socket;
pub(crate) mod tenant;

pub(crate) use api::{Answer, Api};
pub(crate) use server::{Server, shared};
pub(crate) use tenant::Tenant;
