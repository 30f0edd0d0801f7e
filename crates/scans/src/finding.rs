//! Findings as engines write them, and what is made of them: OCSF and rows of Prowler's CSV to
//! [`NewFinding`], and one form to the other. What is read where stands in docs/findings-files.md.

mod column;
mod context;
pub mod convert;
mod csv_row;
pub(crate) mod evidence;
mod indent;
mod minify;
mod ocsf;
mod refused;
mod time;
mod words;

pub use context::Context;
pub use csv_row::from_row;
pub use indent::indented;
pub(crate) use minify::minified;
pub use ocsf::{from_ocsf, from_ocsf_value};
pub use refused::Refused;

pub use custody_store::findings::{Form, NewFinding};
