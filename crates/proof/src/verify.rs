//! Whether what a log shows is what it committed to: one entry by itself ([`EntryCheck`]), its place
//! after the one before ([`Order`]), and all of them together by the tree ([`crate::compact`]).

mod columns;
mod entry;
mod order;
mod scan;

pub use entry::{EntryCheck, EntryFault};
pub use order::{Order, OrderFault};

#[cfg(test)]
mod tests;
