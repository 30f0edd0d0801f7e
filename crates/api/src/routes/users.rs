//! The tenant's members: `/api/v1/users`. A person is global; what is shown and changed here is
//! their membership.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod shapes;
pub(crate) mod update;
