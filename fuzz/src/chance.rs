//! New bytes out of seeds, by chance: for the short run in `make test`, which has no libFuzzer.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

/// Pieces that readers have branches for.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"'",
    b",",
    b":",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\n",
    b"\r\n",
    b"\0",
    b"/",
    b"-",
    b"1e999",
    b"0.1",
    b"18446744073709551616",
    b"null",
    b"true",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xed\xa0\x80",
    b"{\"Records\":[",
    b"\"action\":",
    b"\"password\":\"x\"",
    b"{}",
    b"\"\"",
    b"\xe2\x80\x94 ",
    b"\xff\xff\xff\xff",
];
const LENGTH_MAX: usize = 64 << 10;

/// Makes bytes out of seeds, the same ones for the same number.
#[derive(Debug)]
pub struct Chance {
    rng: StdRng,
}

impl Chance {
    pub fn new(number: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(number) }
    }

    /// One of the seeds, changed in a few places.
    pub fn change(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds.choose(&mut self.rng).cloned().unwrap_or_default();
        for _ in 0..self.rng.random_range(1..=4) {
            self.step(&mut bytes, seeds);
        }
        bytes.truncate(LENGTH_MAX);
        bytes
    }

    fn step(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.rng.random_range(0..=bytes.len());
        let end = self.rng.random_range(at..=bytes.len().min(at + 32));
        match self.rng.random_range(0..7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => insert(bytes, at, PIECES.choose(&mut self.rng).copied().unwrap_or_default()),
            3 => bytes.extend_from_within(at..end),
            4 => {
                let other = seeds.choose(&mut self.rng).map_or(&[][..], Vec::as_slice);
                let from = self.rng.random_range(0..=other.len());
                let to = self.rng.random_range(from..=other.len().min(from + 256));
                insert(bytes, at, &other[from..to]);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.rng.random_range(0..8);
                }
            }
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}
