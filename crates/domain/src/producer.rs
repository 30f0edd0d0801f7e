//! What a producer's own numbering of its events says of completeness: a pure function of the
//! numbers in log order, so that everybody who has the log can make it again.

mod gaps;
mod run;

pub use gaps::{Gap, Gaps};
pub use run::{Bounds, Run};
