//! Documents at fixed places: `/.well-known`.

pub(crate) mod jwks;
