//! Where in a body one is: lines are counted once, as they are passed.

use memchr::memchr_iter;

/// A place in a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// In bytes from its start.
    pub(super) offset: u64,
    /// From 1.
    pub(super) line: u64,
}

impl Place {
    pub(super) const START: Self = Self { offset: 0, line: 1 };
}

/// The place up to which lines were counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted(Place);

impl Counted {
    pub(super) fn from(place: Place) -> Self {
        Self(place)
    }

    pub(super) fn start() -> Self {
        Self(Place::START)
    }

    /// Counts on over `passed`, which begins where was counted to.
    pub(super) fn pass(&mut self, passed: &[u8]) -> Place {
        self.0.offset += passed.len() as u64;
        self.0.line += memchr_iter(b'\n', passed).count() as u64;
        self.0
    }

    pub(super) fn place(&self) -> Place {
        self.0
    }
}
