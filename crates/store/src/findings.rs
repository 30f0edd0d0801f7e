//! The table `findings`, and those that it leans on: [`crate::bases`], [`crate::resources`].
//!
//! A finding is known again, in another scan and in the same one, by its key and ordinal. Its text is kept
//! whole, as what differs from one of the same check's ([`Base`]); the columns are what lists and counts go
//! by.

mod assign;
pub(crate) mod body;
pub mod by_hand;
mod calls;
mod compare;
mod count;
mod delete;
mod failing;
mod get;
mod insert;
mod known;
mod new;
mod of_resources;
mod of_scan;
mod page;
mod risks;
mod row;
mod said;
mod tally;
mod triage;
mod turn;
mod verdicts;
mod write;

pub use body::{BodyError, Dictionary};
pub use calls::{FailedCalls, failed_calls};
pub use compare::{Compared, Difference, Differing, differences, differing};
pub use count::{Count, counts};
pub use delete::{delete, delete_of_checks, delete_of_scan};
pub use failing::{Failing, failing};
pub use get::{get, texts};
pub use insert::{BATCH_MAX, Inserted, ORDINALS_MAX, ScanRef, insert};
pub use new::{FINDING_BYTES_MAX, Form, NewBase, NewFinding, NewResource, half_of_hash, key_of};
pub use of_resources::of_resources;
pub use of_scan::of_scan;
pub use page::{Looked, Stretch, look};
pub use risks::{Risk, risks};
pub use row::{COLUMNS, FROM, Finding, FindingResource, read};
pub use said::{Mute, Said, said};
pub use tally::tally;
pub use triage::{TRIAGED_MAX, Triage, Triaged, Wish, triage};
pub use verdicts::{Verdicts, verdicts};

pub use crate::bases::Base;
