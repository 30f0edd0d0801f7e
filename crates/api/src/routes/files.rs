//! Files by an address that stands for a credential: `/api/v1/files`.

pub(crate) mod get;
