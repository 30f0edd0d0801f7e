//! A content cut into its members without reading it into values: a walk over bytes that are in
//! canonical form already, which is most of what a verifier does all day. What is not plainly
//! canonical (or only unusual) is left to the long way, [`custody_domain::Body::content_hash`]; so
//! this may refuse what is right, and must never take what is wrong. A property test holds the two
//! together.

use std::ops::Range;

use custody_domain::{
    canonical,
    json::{Limits, Value, parse, plain_length, push_token},
};

/// As `custody_domain::commitment` has them: their keys are members of their own.
const CONTAINERS: [&str; 7] = ["actor", "resource", "metadata", "before", "after", "producer", "recorded_by"];
/// Deeper contents take the long way.
const DEPTH_MAX: u8 = 64;
/// Integers of up to so many digits are their own canonical form.
const PLAIN_DIGITS_MAX: usize = 15;

/// The members of one content, in its order; kept between entries, because allocating would cost
/// more than walking.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pointers: String,
    members: Vec<Span>,
}

/// Where a member's pointer stands in `pointers`, and its value in the content.
#[derive(Clone, Debug)]
struct Span {
    pointer: Range<usize>,
    value: Range<usize>,
}

impl Scan {
    /// None where the content has to take the long way.
    pub(super) fn read(&mut self, content: &[u8]) -> Option<()> {
        self.members.clear();
        self.pointers.clear();
        let text = std::str::from_utf8(content).ok()?;
        let mut walk = Walk { text, bytes: content, at: 0 };
        walk.object(|walk, key| {
            let name = walk.text.get(key)?;
            if CONTAINERS.contains(&name) && walk.opens_filled_object() {
                walk.object(|walk, key| {
                    let start = self.pointers.len();
                    push_token(&mut self.pointers, name);
                    push_token(&mut self.pointers, walk.text.get(key)?);
                    self.member(start, walk, 2)
                })
            } else {
                let start = self.pointers.len();
                push_token(&mut self.pointers, name);
                self.member(start, walk, 1)
            }
        })?;
        (walk.at == content.len()).then_some(())
    }

    /// The member whose pointer was written from `start` on, and at whose value the walk stands.
    fn member(&mut self, start: usize, walk: &mut Walk<'_>, depth: u8) -> Option<()> {
        let value = walk.at;
        walk.value(depth)?;
        self.members.push(Span { pointer: start..self.pointers.len(), value: value..walk.at });
        Some(())
    }

    /// Pointers and values of the content that was read last.
    pub(super) fn members<'s>(
        &'s self,
        content: &'s [u8],
    ) -> impl Iterator<Item = (&'s str, &'s [u8])> + Clone {
        self.members.iter().map(|span| {
            let pointer = self.pointers.get(span.pointer.clone()).unwrap_or_default();
            (pointer, content.get(span.value.clone()).unwrap_or_default())
        })
    }

    /// The same, one after the other, with values that are borrowed from the content alone.
    pub(super) fn values<'c, E>(
        &self,
        content: &'c [u8],
        mut each: impl FnMut(&str, &'c [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.members.iter().try_for_each(|span| {
            let pointer = self.pointers.get(span.pointer.clone()).unwrap_or_default();
            each(pointer, content.get(span.value.clone()).unwrap_or_default())
        })
    }
}

struct Walk<'c> {
    text: &'c str,
    bytes: &'c [u8],
    at: usize,
}

type Key = Range<usize>;

impl Walk<'_> {
    /// Keys strictly ascending (which for ASCII is the order of UTF-16), no space, `each` for every
    /// value, at which the walk then stands.
    fn object(&mut self, mut each: impl FnMut(&mut Self, Key) -> Option<()>) -> Option<()> {
        self.byte(b'{')?;
        if self.take(b'}') {
            return Some(());
        }
        let mut last: Option<Key> = None;
        loop {
            let key = self.key()?;
            if let Some(last) = last
                && self.bytes.get(last)? >= self.bytes.get(key.clone())?
            {
                return None;
            }
            self.byte(b':')?;
            each(self, key.clone())?;
            last = Some(key);
            if self.take(b'}') {
                return Some(());
            }
            self.byte(b',')?;
        }
    }

    fn opens_filled_object(&self) -> bool {
        self.peek() == Some(b'{') && self.bytes.get(self.at + 1) != Some(&b'}')
    }

    fn value(&mut self, depth: u8) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        match self.peek()? {
            b'"' => self.string(),
            b'{' => self.object(|walk, _| walk.value(depth + 1)),
            b'[' => self.array(depth),
            b'0'..=b'9' | b'-' => self.number(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => None,
        }
    }

    fn array(&mut self, depth: u8) -> Option<()> {
        self.byte(b'[')?;
        if self.take(b']') {
            return Some(());
        }
        loop {
            self.value(depth + 1)?;
            if self.take(b']') {
                return Some(());
            }
            self.byte(b',')?;
        }
    }

    /// Plain ASCII without escapes; other keys take the long way, for their order and their pointers.
    fn key(&mut self) -> Option<Key> {
        self.byte(b'"')?;
        let start = self.at;
        let rest = self.bytes.get(start..)?;
        let length = rest.iter().position(|b| !matches!(b, b' '..=b'~') || matches!(b, b'"' | b'\\'))?;
        self.at += length;
        self.byte(b'"')?;
        Some(start..start + length)
    }

    fn string(&mut self) -> Option<()> {
        self.byte(b'"')?;
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += plain_length(rest);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// Those of canonical form: the short ones, and `\u00` with lower-case digits where there is none.
    fn escape(&mut self) -> Option<()> {
        let length = match self.bytes.get(self.at..)? {
            [b'\\', b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r', ..] => 2,
            [b'\\', b'u', b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f', ..]
            | [b'\\', b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => 6,
            _ => return None,
        };
        self.at += length;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        let rest = self.bytes.get(start..)?;
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let plain = match rest.get(digits) {
            Some(b'.' | b'e' | b'E' | b'+' | b'-') => false,
            _ => (1..=PLAIN_DIGITS_MAX).contains(&digits) && (digits == 1 || rest.first() != Some(&b'0')),
        };
        if plain {
            self.at += digits;
            return Some(());
        }
        let part = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
        let length = rest.iter().take_while(|b| part(b)).count();
        let source = rest.get(..length)?;
        let value = parse(source, &Limits::STORED).ok()?;
        let is_itself = matches!(value, Value::Number(_)) && canonical::to_vec(&value) == source;
        self.at += length;
        is_itself.then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let found = self.bytes.get(self.at..)?.starts_with(word);
        self.at += word.len();
        found.then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }
}
