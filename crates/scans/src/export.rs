//! A scan's findings as a file, in the forms that Prowler writes: what was imported in a form comes out in
//! it as it came in, but for white space of JSON that was laid out otherwise.

mod page;
mod writer;

pub use page::{Export, ExportError};
pub use writer::{ExportForm, Writer};
