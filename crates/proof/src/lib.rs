//! What a verifier needs and a prover shares: signed notes, checkpoints, the coordinates of tiles,
//! compact ranges of a tree, the log as a stream, the check of its entries, bundles.
//!
//! May know: `domain` (hashes, leaves, the tree of RFC 6962) and bytes that it is handed. Must not:
//! know a database, a network or a clock, or believe anything that it read before it was verified.
//!
//! Notes and tiles are our own code, each a page: `signed_note` and `tlog_tiles` bring a second
//! copy of the curve and of SHA-256 (ed25519-dalek 2, sha2 0.10), and `ct-merkle` wants all leaves in
//! one place. That ours agree with the ecosystem's is tested against its Go tools.

pub mod bundle;
pub mod checkpoint;
pub mod compact;
pub mod note;
pub mod path;
pub mod stream;
pub mod tile;
pub mod verify;
pub mod watermark;

pub use checkpoint::{Checkpoint, Origin};
pub use compact::CompactRange;
pub use note::{Note, Signer, VerifierKey};
pub use tile::Tile;
pub use watermark::Watermark;
