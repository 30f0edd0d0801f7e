//! Signing in and out: `/api/v1/auth`.

pub(crate) mod accept;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod shapes;
pub(crate) mod ticket;
pub(crate) mod token;
