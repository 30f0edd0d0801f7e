//! The report of a scan: what it found, what it looked at and what it did not, and what to do about it.
//!
//! [`Report`] is made of what is kept, and says nothing else; the forms are made of it alone. Names and texts
//! of what was scanned are others' words: each form escapes all of them.

mod compare;
mod data;
mod html;
mod looked_at;
mod make;
mod markdown;
mod model;
mod notes;
mod rich;
mod summary;
#[cfg(test)]
mod tests;
mod walk;

pub use compare::{CompareError, Comparison, compare};
pub use data::{LAYOUT, data};
pub use html::html;
pub use markdown::markdown;
pub use model::*;
