//! Bytes that say how many of them are held at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use bytes::Bytes;
use futures::Stream;

/// How many bytes of a stream were alive at the most.
#[derive(Debug, Default)]
pub(crate) struct Alive {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// One piece; it is counted until nobody holds it.
struct Piece {
    bytes: Vec<u8>,
    alive: Arc<Alive>,
}

impl Alive {
    pub(crate) fn most(&self) -> usize {
        self.most.load(Relaxed)
    }

    /// A stream of `count` pieces of `size` bytes each, the first byte of each is its number.
    pub(crate) fn stream(
        self: &Arc<Self>,
        count: usize,
        size: usize,
    ) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + use<> {
        let alive = Arc::clone(self);
        futures::stream::iter((0..count).map(move |number| {
            let now = alive.now.fetch_add(size, Relaxed) + size;
            alive.most.fetch_max(now, Relaxed);
            let mut bytes = vec![7; size];
            bytes[0] = u8::try_from(number % 256).unwrap();
            Ok(Bytes::from_owner(Piece { bytes, alive: Arc::clone(&alive) }))
        }))
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.alive.now.fetch_sub(self.bytes.len(), Relaxed);
    }
}
