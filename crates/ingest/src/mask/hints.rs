//! One look at the bytes that an event was read from, before its strings are looked at one by one:
//! where the beginnings of secrets stand, long runs of digits and of letters. A string of the event
//! that was read without escapes is a piece of those bytes, so its address says which part of them it
//! is. One that holds no hint holds no secret that [`super::patterns`] would find; any other is
//! searched in full. The look is a few hundred nanoseconds, with the processor's vector instructions,
//! where searching each string took some microseconds.

mod lanes;

use std::{cell::RefCell, marker::PhantomData, ops::Range, sync::LazyLock};

use aho_corasick::packed;
use memchr::memmem;

use super::{aws_secret, card};

/// An event with more is searched in full.
const HINTS_MAX: usize = 32;

/// Pieces that every trigger of the expressions contains one of, in lower case: fewer than there are
/// triggers, and none shorter than three bytes.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "pass", "pwd", "secret", "key", "token", "bearer", "authorization", "cookie", "eyj", "iqojb3jpz2lu", "ogzxivyxdz",
    "aqodyxdz", "x-amz-signature=", "hooks.slack.com", "sig=", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
    "glpat-", "glptt-", "gldt-", "glrt-", "glsoat-", "xox", "xapp-", "k_live_", "k_test_", "whsec_", "aiza", "ya29.",
    "gocspx-", "sk-", "npm_", "pypi-agei", "sg.", "_v1_", "hvs.", "hvb.", "hvr.", "dapi", "cust_",
];
/// Triggers that are too short for the search for pieces.
const AT: u8 = b'@';
static DASHES: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("--"));

/// None where the processor lacks the instructions: then every string is searched, as ever.
static SEARCHER: LazyLock<Option<packed::Searcher>> = LazyLock::new(|| packed::Searcher::new(PIECES));

/// Where in an event's bytes there may be secrets.
pub(super) struct Hints<'b> {
    /// An address means something only as long as the bytes are there.
    bytes: PhantomData<&'b [u8]>,
    /// The address of the first byte, and of what is behind the last one.
    from: usize,
    to: usize,
    /// Offsets, rising.
    at: [usize; HINTS_MAX],
    count: usize,
}

/// There were more than [`HINTS_MAX`].
struct TooMany;

impl<'b> Hints<'b> {
    /// Of an event whose bytes are not known: nothing is told of any string.
    pub(super) fn none() -> Self {
        Self { bytes: PhantomData, from: 0, to: 0, at: [0; HINTS_MAX], count: 0 }
    }

    /// Of the event that is read from `bytes`.
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        let range = bytes.as_ptr_range();
        let mut hints = Self { from: range.start.addr(), to: range.end.addr(), ..Self::none() };
        match hints.look(bytes) {
            Ok(()) => {
                if let Some(at) = hints.at.get_mut(..hints.count) {
                    at.sort_unstable();
                }
                hints
            }
            Err(TooMany) => Self::none(),
        }
    }

    /// Whether `text` is a piece of the event's bytes in which nothing was seen.
    #[inline]
    pub(super) fn clear(&self, text: &str) -> bool {
        let range = text.as_bytes().as_ptr_range();
        let (start, end) = (range.start.addr(), range.end.addr());
        if start < self.from || end > self.to {
            return false;
        }
        let hints = self.at.get(..self.count).unwrap_or_default();
        let next = hints.partition_point(|at| self.from + at < start);
        hints.get(next).is_none_or(|at| self.from + at >= end)
    }

    fn look(&mut self, bytes: &[u8]) -> Result<(), TooMany> {
        let searcher = SEARCHER.as_ref().ok_or(TooMany)?;
        LOWER.with_borrow_mut(|lower| {
            lower.clear();
            lower.extend(bytes.iter().map(u8::to_ascii_lowercase));
            // Of pieces that overlap only the first is found; without a quote between them they are in
            // the same string, and one hint is enough for that.
            searcher.find_iter(lower.as_slice()).try_for_each(|piece| self.add(piece.start()))
        })?;
        memchr::memchr_iter(AT, bytes).try_for_each(|at| self.add(at))?;
        DASHES.find_iter(bytes).try_for_each(|at| self.add(at))?;
        self.letters(bytes)?;
        self.digits(bytes)
    }

    fn add(&mut self, at: usize) -> Result<(), TooMany> {
        *self.at.get_mut(self.count).ok_or(TooMany)? = at;
        self.count += 1;
        Ok(())
    }

    /// A run as long as an AWS secret covers so many words of eight bytes, wherever it begins.
    fn letters(&mut self, bytes: &[u8]) -> Result<(), TooMany> {
        const WORDS: usize = 4;
        const { assert!(aws_secret::LENGTH >= 8 * WORDS + 7, "a run covers the words") };
        let mut whole = 0;
        for (i, word) in bytes.as_chunks::<8>().0.iter().enumerate() {
            whole = if lanes::all_of_secret(u64::from_le_bytes(*word)) { whole + 1 } else { 0 };
            // Told once in a run.
            if whole == WORDS {
                let run = run(bytes, i * 8, |b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+'));
                if run.len() >= aws_secret::LENGTH {
                    self.add(run.start)?;
                }
            }
        }
        Ok(())
    }

    /// A run in which there may be as many digits as a card has. Looked for in the bits of sixteen words,
    /// eight of which are looked at again with the next: the runs that count are shorter.
    fn digits(&mut self, bytes: &[u8]) -> Result<(), TooMany> {
        const { assert!(card::DIGITS_MIN == 13, "as many bits as are looked for below") };
        let of_run = |b: u8| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.');
        let mut bits = 0_u128;
        let mut told = 0;
        for (block, bytes_of_block) in bytes.chunks(64).enumerate() {
            bits = bits >> 64 | u128::from(card_bits(bytes_of_block)) << 64;
            let two = bits & bits >> 1;
            let four = two & two >> 2;
            let eight = four & four >> 4;
            let mut begins = eight & eight >> 5;
            while begins != 0 {
                let first = begins.trailing_zeros() as usize;
                // The bits are those of the block before, and of this one.
                let at = (block * 64 + first).saturating_sub(64);
                // A run longer than that is looked at once.
                if at >= told {
                    let run = run(bytes, at, of_run);
                    told = run.end;
                    let digits = bytes.get(run.clone()).unwrap_or_default();
                    if digits.iter().filter(|b| b.is_ascii_digit()).count() >= card::DIGITS_MIN {
                        self.add(run.start)?;
                    }
                }
                // On behind this run of bits.
                begins &= begins.wrapping_add(1 << first);
            }
        }
        Ok(())
    }
}

/// A bit for each of up to 64 bytes that may be a card number's.
fn card_bits(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let words = words.iter().chain([&last]);
    words
        .take(8)
        .enumerate()
        .fold(0, |bits, (at, word)| bits | lanes::of_card(u64::from_le_bytes(*word)) << (8 * at))
}

/// How far bytes of a kind reach around `at`.
#[inline]
fn run(bytes: &[u8], at: usize, of_run: impl Fn(u8) -> bool) -> Range<usize> {
    let (before, behind) = bytes.split_at(at);
    let start = at - before.iter().rev().take_while(|b| of_run(**b)).count();
    start..at + behind.iter().take_while(|b| of_run(**b)).count()
}

thread_local! {
    static LOWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::patterns, *};

    #[test]
    fn every_trigger_is_seen_and_nothing_is_in_a_text_without() {
        for trigger in patterns::triggers() {
            for shift in 0..20 {
                let text =
                    format!("{}lorem {} ipsum dolor sit", "\u{e9}".repeat(shift), trigger.to_uppercase());
                assert!(!Hints::of(text.as_bytes()).clear(&text), "{text}");
            }
        }
        let text = "lorem ipsum dolor sit amet, 2026-01-05 arn:aws:iam::402938475610:user/amara";
        assert!(Hints::of(text.as_bytes()).clear(text));
        assert!(!Hints::none().clear(text));
        assert!(!Hints::of(text.as_bytes()).clear("of somewhere else"));
    }

    #[test]
    fn a_hint_is_told_of_the_text_it_stands_in_alone() {
        let bytes = br#"{"first text":"nothing","second":"a secret","third":"nothing"}"#;
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let hints = Hints::of(bytes);
        let clear: Vec<_> = text.split('"').map(|part| hints.clear(part)).collect();
        let of_secret = text.split('"').map(|part| part != "a secret").collect::<Vec<_>>();
        assert_eq!(clear, of_secret);
    }

    proptest! {
        /// What is said to be clear is clear, wherever in the bytes it stands.
        #[test]
        fn no_long_run_is_missed(
            before in "[a-z\"]{0,150}",
            run in prop_oneof!["[0-9]([ .-]?[0-9]){12,18}", "[A-Za-z0-9/+]{40,50}"],
            behind in "[a-z\"]{0,150}",
        ) {
            let text = format!("{before}\"{run}\"{behind}");
            let place = before.len() + 1..before.len() + 1 + run.len();
            prop_assert!(!Hints::of(text.as_bytes()).clear(&text[place]));
        }
    }
}
