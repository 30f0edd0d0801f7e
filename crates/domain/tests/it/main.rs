//! What holds for every input, and what docs/proofs.md promises to other programs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod generate;
mod ids;
mod json;
mod proofs;
mod tree;
mod vectors;
mod verifier;
