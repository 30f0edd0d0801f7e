//! Findings and scans: what a check can say of a resource, how bad that is, what became of it, and how one
//! asks for it. Each word has one text (in JSON and queries) and one number (in tables).

pub mod query;
mod view;
mod words;

pub use view::{Finding, FoundOn, Texts};
pub use words::{
    CheckStatus, Delta, Evidence, FindingSeverity, FindingStatus, ScanStatus, TriageState, UnknownWord,
};
