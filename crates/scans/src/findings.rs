//! Asking for findings: pages of those that a query matches, what their texts say, how many there are, and
//! those that people write themselves.

mod by_framework;
mod by_hand;
mod details;
mod overview;
mod page;
mod risks;

pub use by_framework::{ByFramework, by_framework};
pub use by_hand::{Described, HandWritten, create, remove};
pub use details::{Details, Remediation, as_ocsf, details};
pub use overview::{Overview, Tally};
pub use page::{FindingsAsked, FindingsLimits, FindingsPage, FindingsStopped, page};
pub use risks::RankedRisk;
