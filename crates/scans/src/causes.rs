//! Who caused it: the entries of the tenant's log that touched what a finding is of, before it began to fail,
//! and the other way which findings are of what an entry touched.
//!
//! docs/causes.md is the page for people, and says how causes are ranked; its tables are held to the code by
//! tests. What an entry touches is decided in one place ([`Called`]), by both ways.

mod called;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
mod documented;
mod find;
mod fits;
mod points;
mod reads;
mod touched;

pub use called::{Called, Touch};
pub use find::{Causes, CausesAsked, CausesError, causes};
pub use fits::{FITS, fits};
pub use points::{Cause, Reason};
pub use reads::{is_change, left_out};
pub use touched::{Touched, touched};
