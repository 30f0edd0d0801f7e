//! What proves the log, over HTTP: checkpoints, tiles, proofs and keys, as strangers' tools read them.

mod cli;
mod ecosystem;
mod fresh;
mod http;
mod python;
