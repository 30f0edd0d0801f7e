//! Masking what was to be an event and cannot be read as one, for a person who has to mend it. Where
//! a value stands is not known in such a text, so names and looks alone decide, and in doubt more goes
//! than an event would lose: what a policy masks at one place goes wherever that name stands, lists
//! and objects go whole, and what a policy keeps is searched too.

use std::borrow::Cow;

use super::{MASK, Masker, key_names, patterns};

/// The text without what the policy and the detectors find in it, and without NUL, which would hide a
/// name from them (UTF-16, read as bytes, is full of them).
pub(super) fn mask(masker: &Masker, text: &str) -> String {
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    let Some(places) = names_of_places(masker) else { return MASK.to_owned() };
    let mut scan = Scan::of(masker, &places, &text);
    scan.run();
    if scan.told {
        scan = Scan { values: true, ..Scan::of(masker, &places, &text) };
        scan.run();
    }
    masker.mask_text(&scan.out).into_owned()
}

/// The last name of each place that the policy masks; none where one of them has no name at all.
fn names_of_places(masker: &Masker) -> Option<Vec<&str>> {
    masker.mask.iter().map(super::PointerPattern::last_name).collect()
}

struct Scan<'t> {
    masker: &'t Masker,
    places: &'t [&'t str],
    out: String,
    /// The last character in there that is no space.
    last: Option<char>,
    rest: &'t str,
    /// What is called `value` goes: somewhere a `name` beside it says that it is a secret.
    values: bool,
    told: bool,
}

impl<'t> Scan<'t> {
    fn of(masker: &'t Masker, places: &'t [&'t str], text: &'t str) -> Self {
        Self { masker, places, out: String::new(), last: None, rest: text, values: false, told: false }
    }

    fn run(&mut self) {
        let mut before = "";
        let mut flagged = false;
        while let Some(first) = self.rest.chars().next() {
            let token = token(self.rest, self.last);
            let Some(token) = token else {
                flagged &= first == ',' || first.is_whitespace();
                self.keep(first.len_utf8());
                continue;
            };
            let text = unquoted(token);
            if std::mem::take(&mut flagged) {
                self.mask(token.len());
            } else if let Some(sign) = sign_behind(&self.rest[token.len()..]) {
                self.show(token.len());
                self.keep(sign);
                before = "";
                if self.is_secret(&text) {
                    self.mask(extent(self.rest));
                } else if ["name", "key", "header"].iter().any(|name| text.eq_ignore_ascii_case(name)) {
                    before = "name";
                }
            } else {
                self.told |= before == "name" && self.is_secret(&text);
                flagged = text.starts_with('-') && self.is_secret(text.trim_start_matches('-'));
                before = "";
                self.show(token.len());
            }
        }
    }

    fn is_secret(&self, name: &str) -> bool {
        let masker = self.masker;
        masker.keys.contain(name)
            || self.places.contains(&name)
            || key_names::detect(name, masker.enabled).is_some()
            || (self.values && name.eq_ignore_ascii_case("value"))
    }

    /// As it stands there.
    fn keep(&mut self, bytes: usize) {
        let (kept, rest) = self.rest.split_at(bytes);
        self.out.push_str(kept);
        self.last = kept.trim_end().chars().next_back().or(self.last);
        self.rest = rest;
    }

    /// Without what it holds of secrets, also where escapes would hide them.
    fn show(&mut self, bytes: usize) {
        let (token, rest) = self.rest.split_at(bytes);
        let masked = patterns::mask(&unquoted(token), self.masker.enabled);
        match masked.map(|(masked, _)| serde_json::to_string(&masked)) {
            Some(Ok(masked)) => self.out.push_str(&masked),
            Some(Err(_)) => self.out.push_str(MASK),
            None => self.out.push_str(token),
        }
        self.last = token.chars().next_back();
        self.rest = rest;
    }

    fn mask(&mut self, bytes: usize) {
        let value = &self.rest[..bytes];
        let space = value.len() - value.trim_start().len();
        self.keep(space);
        self.out.push_str("\"***\"");
        self.last = Some('"');
        self.rest = &self.rest[bytes - space..];
    }
}

/// A quoted text or a word at the start of `text`. An apostrophe opens a text only where a value or a
/// name can stand.
fn token(text: &str, before: Option<char>) -> Option<&str> {
    let first = text.chars().next()?;
    let opens = first == '"' || (first == '\'' && before.is_none_or(|c| "{[,:=(".contains(c)));
    if opens {
        return Some(&text[..quoted_end(text, first)]);
    }
    let is_word = |c: char| c.is_alphanumeric() || "_-.$@".contains(c);
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// Behind the closing quote, or the end where there is none.
fn quoted_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How far the `:` or `=` reaches that makes a name of the token before it.
fn sign_behind(text: &str) -> Option<usize> {
    let trimmed = text.trim_start();
    trimmed.starts_with([':', '=']).then(|| text.len() - trimmed.len() + 1)
}

/// How far a value reaches, with the space before it: a text, a list or an object as far as it goes,
/// else up to what ends a value.
fn extent(text: &str) -> usize {
    let value = text.trim_start();
    let space = text.len() - value.len();
    let length = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted_end(value, quote),
        Some('{' | '[') => nested_end(value),
        _ => value.find([',', '}', ']', '\n', ';', '&']).unwrap_or(value.len()),
    };
    space + length
}

fn nested_end(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(c) = text[at..].chars().next() {
        match c {
            '"' => {
                at += quoted_end(&text[at..], '"');
                continue;
            }
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
        if depth == 0 {
            break;
        }
    }
    at
}

/// What a token says.
fn unquoted(token: &str) -> Cow<'_, str> {
    if let Ok(text) = serde_json::from_str::<String>(token) {
        return Cow::Owned(text);
    }
    let inner = token.strip_prefix(['"', '\'']).unwrap_or(token);
    Cow::Borrowed(inner.strip_suffix(['"', '\'']).unwrap_or(inner))
}

#[cfg(test)]
mod tests;
