//! The keys port: every private key and credential that Custody stores is sealed here first.
//!
//! What it is for: [`Keys::seal`] and [`Keys::open`], envelope encryption on top of a [`KeyPort`]
//! that wraps small data keys. The local part keeps its master key in a file; a part that calls a
//! key service stands beside it and runs the same conformance tests.
//! May know: the file system (for the master key) and a random source. Must not: know what is
//! sealed, keep plaintext longer than a call, or log anything but a key's public id.

pub mod error;
pub mod local;
pub mod opaque;
pub mod port;
pub mod seal;

pub use error::KeyError;
pub use local::LocalKeys;
pub use opaque::Opaque;
pub use port::KeyPort;
pub use seal::Keys;
pub use zeroize::Zeroizing;
