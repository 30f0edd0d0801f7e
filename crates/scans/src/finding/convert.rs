//! One form of a finding to the other. What one of them does not have is lost: docs/findings-files.md lists it.

mod json_text;
mod to_ocsf;
mod to_row;

pub(crate) use json_text::{object, text_of, texts};
pub use to_ocsf::to_ocsf;
pub use to_row::{COLUMNS, to_row};
