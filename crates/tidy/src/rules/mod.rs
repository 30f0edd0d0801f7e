//! One file a rule. Each takes the tree or the crates and answers what is wrong, one line each:
//! `path:line: what`.

pub mod arrows;
pub mod commands;
pub mod crate_docs;
pub mod decisions;
pub mod links;
pub mod names;
pub mod rooms;
pub mod words;
