//! The recursive descent.

use std::borrow::Cow;

use super::{ParseError, ParseErrorKind as Kind};
use crate::json::{Object, Value, number, plain_length, push_token};

/// Up to this many keys a look at each one before is quicker than any index.
const FEW: usize = 16;

/// An error on its way up; each level adds its own key, so that the way down costs nothing. In a box,
/// so that a value that was read is as small as it can be on its way up.
pub(super) struct Failure(Box<Fault>);

struct Fault {
    offset: usize,
    kind: Kind,
    /// From the innermost key outwards.
    path: Vec<String>,
}

impl Failure {
    pub(super) fn into_error(self) -> ParseError {
        let Fault { offset, kind, path } = *self.0;
        let mut pointer = String::new();
        for key in path.iter().rev() {
            push_token(&mut pointer, key);
        }
        ParseError { offset, kind, pointer }
    }

    pub(super) fn offset(&self) -> usize {
        self.0.offset
    }

    fn inside(mut self, key: &str) -> Self {
        self.0.path.push(key.to_owned());
        self
    }
}

type Read<T> = Result<T, Failure>;
type Member<'a> = (Cow<'a, str>, Value<'a>);

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: usize,
    depth_max: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, depth_max: usize) -> Self {
        Self { text, at: 0, open: 0, depth_max }
    }

    pub(super) fn value(&mut self) -> Read<Value<'a>> {
        self.blank();
        match self.peek() {
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.fail(Kind::Expected("a value"))),
            None => Err(self.fail(Kind::UnexpectedEnd)),
        }
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Read<()> {
        self.blank();
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(self.fail(Kind::Trailing))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Value<'a>>) -> Read<Value<'a>> {
        if self.open == self.depth_max {
            let depth_max = self.depth_max;
            return Err(self.fail(Kind::TooDeep { depth_max }));
        }
        self.open += 1;
        self.at += 1;
        let value = read(self);
        self.open -= 1;
        value
    }

    fn array(&mut self) -> Read<Value<'a>> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            match self.value() {
                Ok(item) => items.push(item),
                Err(failure) => return Err(failure.inside(&items.len().to_string())),
            }
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            self.expect(b',', "`,` or `]`")?;
        }
    }

    fn object(&mut self) -> Read<Value<'a>> {
        // An event has a dozen members or more; of what it holds, nobody knows.
        let mut members: Vec<Member<'a>> = Vec::with_capacity(if self.open == 1 { FEW } else { 0 });
        // Offsets of the keys after the first few, to tell where the second of two equal ones stands.
        let mut later = Vec::new();
        let mut marks = 0;
        if self.take(b'}') {
            return Ok(Value::Object(Object::new()));
        }
        loop {
            self.blank();
            let offset = self.at;
            if self.peek().is_some_and(|b| b != b'"') {
                return Err(self.fail(Kind::Expected("a key in quotes")));
            }
            let key = self.string()?;
            let mark = mark(&key);
            if members.len() >= FEW {
                later.push(offset);
            } else if marks & mark != 0 && members.iter().any(|(k, _)| *k == key) {
                return Err(duplicate(offset).inside(&key));
            }
            marks |= mark;
            self.expect(b':', "`:`").map_err(|f| f.inside(&key))?;
            match self.value() {
                Ok(value) => members.push((key, value)),
                Err(failure) => return Err(failure.inside(&key)),
            }
            if self.take(b'}') {
                break;
            }
            self.expect(b',', "`,` or `}`")?;
        }
        unique(&members, &later)?;
        Ok(Value::Object(Object::from_unique(members)))
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        if self.peek().is_none() {
            return Err(self.fail(Kind::UnexpectedEnd));
        }
        self.at += 1;
        let run = self.run();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(run));
        }
        let mut text = run.to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.fail(Kind::ControlCharacter)),
                None => return Err(self.fail(Kind::UnexpectedEnd)),
            }
            text.push_str(self.run());
        }
    }

    /// Up to the next quote, backslash or control character.
    fn run(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = plain_length(rest.as_bytes());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        self.at += 1;
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            Some(_) => return Err(failure(start, Kind::InvalidEscape)),
            None => return Err(self.fail(Kind::UnexpectedEnd)),
        };
        self.at += 1;
        Ok(c)
    }

    /// `\uXXXX`, or two of them for a character beyond the basic plane.
    fn unicode(&mut self, start: usize) -> Read<char> {
        let lone = || failure(start, Kind::LoneSurrogate);
        let high = self.hex4(start)?;
        if let Some(c) = char::from_u32(high) {
            return Ok(c);
        }
        let second = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if high >= 0xdc00 || !(second.starts_with(b"\\u") || b"\\u".starts_with(second)) {
            return Err(lone());
        }
        let at = self.at;
        self.at = (self.at + 1).min(self.text.len());
        let low = self.hex4(at)?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(lone());
        }
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or_else(lone)
    }

    /// `u` and four digits; the reader stands on the `u`.
    fn hex4(&mut self, start: usize) -> Read<u32> {
        let bytes = self.text.as_bytes();
        let mut code = 0;
        for i in 1..=4 {
            let Some(&byte) = bytes.get(self.at + i) else {
                self.at = bytes.len();
                return Err(self.fail(Kind::UnexpectedEnd));
            };
            let digit = char::from(byte).to_digit(16);
            code = code * 16 + digit.ok_or_else(|| failure(start, Kind::InvalidEscape))?;
        }
        self.at += 5;
        Ok(code)
    }

    fn number(&mut self) -> Read<Value<'a>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match number::scan(rest.as_bytes()) {
            Ok(length) => {
                self.at += length;
                Ok(Value::Number(Cow::Borrowed(rest.get(..length).unwrap_or_default())))
            }
            Err(length) => {
                self.at += length;
                let ended = self.at == self.text.len();
                Err(self.fail(if ended { Kind::UnexpectedEnd } else { Kind::InvalidNumber }))
            }
        }
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Read<Value<'a>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        if word.starts_with(rest) {
            self.at = self.text.len();
            return Err(self.fail(Kind::UnexpectedEnd));
        }
        Err(self.fail(Kind::Expected("a value")))
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        self.blank();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Read<()> {
        if self.take(byte) {
            return Ok(());
        }
        let ended = self.at == self.text.len();
        Err(self.fail(if ended { Kind::UnexpectedEnd } else { Kind::Expected(what) }))
    }

    #[cold]
    fn fail(&self, kind: Kind) -> Failure {
        failure(self.at, kind)
    }
}

#[cold]
fn failure(offset: usize, kind: Kind) -> Failure {
    Failure(Box::new(Fault { offset, kind, path: Vec::new() }))
}

fn duplicate(offset: usize) -> Failure {
    failure(offset, Kind::DuplicateKey)
}

/// One of 64 bits, the same for equal keys: most keys need not be compared with any.
fn mark(key: &str) -> u64 {
    let [first, last] =
        [key.as_bytes().first(), key.as_bytes().last()].map(|b| b.map_or(0, |b| usize::from(*b)));
    1 << ((key.len() * 25 + first * 5 + last) % 64)
}

/// The keys of a large object, compared by sorting once; `later` holds the offsets from [`FEW`] on.
fn unique(members: &[Member<'_>], later: &[usize]) -> Read<()> {
    if later.is_empty() {
        return Ok(());
    }
    let mut keys: Vec<(&str, usize)> = members.iter().enumerate().map(|(i, (k, _))| (&**k, i)).collect();
    keys.sort_unstable();
    let second = keys
        .windows(2)
        .filter_map(|pair| match pair {
            [(a, _), (b, i)] if a == b => Some((*i, *b)),
            _ => None,
        })
        .min();
    match second {
        None => Ok(()),
        Some((i, key)) => {
            let offset = i.checked_sub(FEW).and_then(|i| later.get(i)).copied();
            Err(duplicate(offset.unwrap_or_default()).inside(key))
        }
    }
}
