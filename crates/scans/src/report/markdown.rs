//! A report as Markdown (GitHub's, for its tables).

mod sections;
mod write;

pub use sections::markdown;
