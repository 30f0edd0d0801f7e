//! What must hold of every reader of bytes from outside, whatever the bytes: it ends, does not panic,
//! and what it accepts means the same when it is written and read again. Each target is a function
//! that panics where something does not hold; two programs run them. `make test` runs each on its
//! seeds and on what a few seconds of chance make of them, `make fuzz` under libFuzzer, which follows
//! the branches that the bytes take.
//!
//! May know: the pure parts of every crate that reads. Must not: open a database or a socket, be
//! slow, or be a part of the product.

pub mod chance;
pub mod seeds;
mod targets;

/// One reader, and what must hold of it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Also the name of the folder of its seeds, `fuzz/seeds/<name>`.
    pub name: &'static str,
    /// Panics where something does not hold.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "split", run: targets::split::run },
    Target { name: "json", run: targets::json::run },
    Target { name: "event", run: targets::event::run },
    Target { name: "mask", run: targets::mask::run },
    Target { name: "body", run: targets::body::run },
    Target { name: "query", run: targets::query::run },
    Target { name: "note", run: targets::note::run },
    Target { name: "tile", run: targets::tile::run },
    Target { name: "range", run: targets::range::run },
    Target { name: "stream", run: targets::stream::run },
    Target { name: "bundle", run: targets::bundle::run },
];

impl Target {
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }
}
