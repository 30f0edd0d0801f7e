//! Where a JSON value ends: by strings, escapes and brackets alone, without asking whether what
//! stands between them is JSON. The parser that judges an item comes later and sees only that item.
//! Each scan takes a text in as many pieces as it comes in.

use memchr::memchr2;

/// RFC 8259, section 2.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// How many blanks `text` begins with.
pub(super) fn blanks(text: &[u8]) -> usize {
    text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len())
}

/// Whether a value can begin with `byte`, or with nonsense that is judged later.
pub(super) fn begins_value(byte: u8) -> bool {
    !matches!(byte, b',' | b':' | b']' | b'}')
}

/// In one value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ValueScan {
    /// Brackets that stand open.
    depth: u64,
    within: Within,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    /// A number, a literal, or nonsense: it goes up to what can follow a value.
    Scalar,
    String,
    /// A string, behind a backslash.
    Escape,
    /// An object or an array, outside of its strings.
    Brackets,
}

impl ValueScan {
    /// In an object or an array that stands open.
    pub(super) fn inside() -> Self {
        Self { depth: 1, within: Within::Brackets }
    }

    /// Goes on, and answers how much of `text` is the value's if it ends there.
    pub(super) fn run(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = &text[at..];
            match self.within {
                Within::Nothing => (self.within, at) = self.begin(*rest.first()?),
                Within::Scalar => {
                    let ends = |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b']' | b'}');
                    return rest.iter().position(ends).map(|end| at + end);
                }
                Within::Escape => {
                    rest.first()?;
                    (self.within, at) = (Within::String, at + 1);
                }
                Within::String => {
                    at += memchr2(b'"', b'\\', rest)? + 1;
                    self.within = if text[at - 1] == b'"' { Within::Brackets } else { Within::Escape };
                    if self.within == Within::Brackets && self.depth == 0 {
                        return Some(at);
                    }
                }
                Within::Brackets => {
                    let mark = |byte: &u8| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']');
                    at += rest.iter().position(mark)? + 1;
                    match text[at - 1] {
                        b'"' => self.within = Within::String,
                        b'{' | b'[' => self.depth += 1,
                        _ => self.depth -= 1,
                    }
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
            }
        }
    }

    /// What a value is that begins with `byte`, and how much of it was passed.
    fn begin(&mut self, byte: u8) -> (Within, usize) {
        match byte {
            b'"' => (Within::String, 1),
            b'{' | b'[' => {
                self.depth = 1;
                (Within::Brackets, 1)
            }
            _ => (Within::Scalar, 0),
        }
    }
}

/// What was met in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// Its closing bracket; so much of the text is the object's.
    End(usize),
    /// The bracket that opens the array of its member `Records`; so much of the text is before it.
    Records(usize),
}

/// In one object whose opening bracket was passed, looking for its member `Records`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectScan {
    at: At,
    value: ValueScan,
}

#[derive(Clone, Copy, Debug)]
enum At {
    Member,
    /// `matched`: how much of the name was met; none once it cannot be the name any more.
    Key {
        matched: Option<usize>,
        escaped: bool,
    },
    Colon {
        records: bool,
    },
    Value {
        records: bool,
    },
    InValue,
    Comma,
    /// No longer looking.
    Plain,
}

const RECORDS: &[u8] = b"Records";

impl ObjectScan {
    pub(super) fn new(looking: bool) -> Self {
        Self { at: if looking { At::Member } else { At::Plain }, value: ValueScan::inside() }
    }

    /// Goes on until something is met.
    pub(super) fn run(&mut self, text: &[u8]) -> Option<Met> {
        let mut at = 0;
        loop {
            let byte = *text.get(at)?;
            match self.at {
                At::Plain => return self.value.run(&text[at..]).map(|end| Met::End(at + end)),
                At::InValue => {
                    at += self.value.run(&text[at..])?;
                    self.at = At::Comma;
                    continue;
                }
                At::Key { matched, escaped } => self.at = key(matched, escaped, byte),
                _ if is_blank(byte) => {}
                At::Member | At::Comma if byte == b'}' => return Some(Met::End(at + 1)),
                At::Member if byte == b'"' => self.at = At::Key { matched: Some(0), escaped: false },
                At::Colon { records } if byte == b':' => self.at = At::Value { records },
                At::Value { records: true } if byte == b'[' => return Some(Met::Records(at + 1)),
                At::Value { records: false } if begins_value(byte) => {
                    (self.at, self.value) = (At::InValue, ValueScan::default());
                    continue;
                }
                At::Comma if byte == b',' => self.at = At::Member,
                _ => {
                    (self.at, self.value) = (At::Plain, ValueScan::inside());
                    continue;
                }
            }
            at += 1;
        }
    }
}

fn key(matched: Option<usize>, escaped: bool, byte: u8) -> At {
    match byte {
        _ if escaped => At::Key { matched: None, escaped: false },
        b'\\' => At::Key { matched: None, escaped: true },
        b'"' => At::Colon { records: matched == Some(RECORDS.len()) },
        _ => {
            let matched = matched.filter(|n| RECORDS.get(*n) == Some(&byte)).map(|n| n + 1);
            At::Key { matched, escaped: false }
        }
    }
}
