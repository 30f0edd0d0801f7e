//! From a credential to a [`Principal`] to a [`Scope`]: who is asking, and what they may do.
//!
//! May know: the directory of users, keys and sessions through the [`Directory`] port (the store is
//! behind it), the keys port, a clock that is handed in. Must not: speak SQL or HTTP, or let anyone
//! else make a `Scope`; its constructor is private, so that holding one is the proof.

pub mod operation;
pub mod principal;
pub mod role;
pub mod scope;

pub use operation::{Access, Operation};
pub use principal::Principal;
pub use role::Role;
pub use scope::{Scope, SystemAuthority};
