//! The walk over an entry.

use std::{borrow::Cow, collections::HashMap, net::IpAddr, sync::LazyLock};

use super::{
    super::{AddressField, EXACT_BYTES_MAX, Keyword, Number, NumberField, Root, analyse, fields, values},
    TextField, encode,
};
use crate::{
    Entry,
    json::{Object, Value},
};

/// What an index keeps of one entry, beside its columns. Used again from entry to entry, so that a
/// walk allocates next to nothing.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    arena: String,
    ends: Vec<usize>,
    path: String,
}

/// One text of an entry's free texts.
#[derive(Clone, Debug)]
pub struct Text<'e> {
    pub field: TextField,
    folded: Cow<'e, str>,
}

impl Text<'_> {
    /// Cut by [`super::super::tokens_of_folded`].
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// In their order; a phrase is looked for within one text.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        analyse::tokens_of_folded(&self.folded)
    }
}

impl Kept {
    /// Some may come twice.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.arena.get(start..*end).unwrap_or_default())
    }

    fn begin(&mut self, kind: char) {
        self.arena.push(kind);
        encode::path(&mut self.arena, &self.path);
    }

    fn value(&mut self, kind: char, write: impl FnOnce(&mut String)) {
        self.begin(kind);
        self.arena.push(encode::END);
        write(&mut self.arena);
        self.ends.push(self.arena.len());
    }

    fn exists(&mut self) {
        self.begin('p');
        self.ends.push(self.arena.len());
    }

    fn object(&mut self, object: &Object<'_>, asked: Asked) {
        let length = self.path.len();
        for (key, value) in object.iter() {
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            self.member(value, asked);
            self.path.truncate(length);
        }
    }

    fn member(&mut self, value: &Value<'_>, within: Asked) {
        let asked = match within {
            Asked::Everything => Some(within),
            _ => ASKED.get(self.path.as_str()).copied(),
        };
        if asked.is_some() {
            self.exists();
        }
        self.inner(value, asked.unwrap_or(Asked::Nothing));
    }

    fn inner(&mut self, value: &Value<'_>, asked: Asked) {
        match value {
            Value::Object(object) => self.object(object, asked),
            Value::Array(items) => items.iter().for_each(|item| self.inner(item, asked)),
            scalar => self.scalar(scalar, asked),
        }
    }

    fn scalar(&mut self, value: &Value<'_>, asked: Asked) {
        match (asked, value) {
            (Asked::Exactly | Asked::Everything, Value::String(text)) if text.len() <= EXACT_BYTES_MAX => {
                self.value('s', |out| out.push_str(text));
                if let Some(number) = Number::parse(text).filter(|_| asked == Asked::Everything) {
                    self.value('m', |out| encode::number(out, number));
                }
            }
            (Asked::Everything, Value::Number(text)) if text.len() <= EXACT_BYTES_MAX => {
                if let Some(number) = Number::parse(text) {
                    self.value('n', |out| encode::number(out, number));
                }
            }
            (Asked::Everything, Value::Bool(true)) => self.value('l', |out| out.push_str("true")),
            (Asked::Everything, Value::Bool(false)) => self.value('l', |out| out.push_str("false")),
            (Asked::Everything, Value::Null) => self.value('l', |out| out.push_str("null")),
            (Asked::Address, Value::String(text)) => {
                if let Ok(address) = text.parse::<IpAddr>() {
                    self.value('a', |out| encode::address(out, address));
                }
            }
            (Asked::Whole, Value::Number(text) | Value::String(text)) => {
                if let Ok(number) = text.parse() {
                    self.value('q', |out| encode::digits(out, number));
                }
            }
            _ => {}
        }
    }
}

/// What queries can ask of the values at a path, beside whether there is one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    Exactly,
    Address,
    Whole,
    /// Below a client's own member.
    Everything,
}

/// By path. Of what is not in it nothing is asked.
static ASKED: LazyLock<HashMap<&'static str, Asked>> = LazyLock::new(|| {
    let asked = |name| {
        if Root::of(name).is_some() {
            Asked::Everything
        } else if Keyword::of(name).is_some() {
            Asked::Exactly
        } else if AddressField::of(name).is_some() {
            Asked::Address
        } else if name == NumberField::ProducerSeq.name() {
            Asked::Whole
        } else {
            Asked::Nothing
        }
    };
    fields::can_exist().map(|name| (name, asked(name))).collect()
});

/// Fills `kept` with the entry's terms, and hands its free texts to `text`, which are borrowed from
/// the entry where they are folded as they are.
pub fn of<'e>(entry: &'e Entry<'e>, kept: &mut Kept, text: &mut dyn FnMut(Text<'e>)) {
    kept.arena.clear();
    kept.ends.clear();
    kept.path.clear();
    let Some(content) = entry.content.as_object() else { return };
    kept.object(content, Asked::Nothing);
    if let Some(message) = content.get("message").and_then(Value::as_str) {
        text(Text { field: TextField::Message, folded: analyse::fold(message) });
    }
    values::free_texts(content, &mut |free| {
        text(Text { field: TextField::Any, folded: analyse::fold(free) });
    });
}
