//! What is masked in the tenant's events: `/api/v1/mask-policy`.

pub(crate) mod get;
pub(crate) mod set;
pub(crate) mod shapes;
