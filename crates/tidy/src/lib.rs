//! The rules of CONTRIBUTING.md and docs/ARCHITECTURE.md that a compiler does not check: sizes of
//! rooms, arrows between crates, links, names. `tests/house.rs` runs them over this repository; each
//! rule's own tests show that it can fail.
//!
//! May know: the text of the repository's files, `git ls-files` and `cargo metadata`. Must not: be
//! depended upon, or depend on what it judges.

pub mod rules;
pub mod tree;
pub mod workspace;

pub use tree::{File, Tree};
pub use workspace::{Dependency, Package};
