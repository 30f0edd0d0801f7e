//! One pass over an event.

use std::borrow::Cow;

use custody_domain::json::{Object, Value};

use super::{
    Detector, MASK, Masked, Masker, card, is_placeholder, is_reference, key_names, path::Path, patterns,
};

pub(super) struct Walk<'m> {
    masker: &'m Masker,
    found: Vec<Masked>,
}

/// More secrets than this used as keys of one object: the object is masked whole.
const SECRET_KEYS_MAX: usize = 16;

/// Why a place is masked whatever it looks like.
#[derive(Clone, Copy)]
struct Forced {
    rule: &'static str,
    numbers: bool,
    /// Everything within an object too. Else of an object only what it calls its `value`: under
    /// `authorization` or `secret` some sources keep an object that describes one.
    objects: bool,
}

impl<'m> Walk<'m> {
    pub(super) fn over(masker: &'m Masker, event: &mut Value<'_>) -> Vec<Masked> {
        let mut walk = Self { masker, found: Vec::new() };
        for pattern in &masker.mask {
            pattern.each(event, &mut |pointer, value| walk.mask_whole(pointer, value));
        }
        walk.value(event, &Path::Root, None);
        walk.found
    }

    /// What a pointer of the policy names goes as a whole, whatever it is.
    fn mask_whole(&mut self, pointer: &str, value: &mut Value<'_>) {
        let gone = matches!(value, Value::Null) || value.as_str().is_some_and(is_placeholder);
        if !gone {
            *value = Value::from(MASK);
            self.found.push(Masked { pointer: pointer.to_owned(), rule: "pointer" });
        }
    }

    fn value(&mut self, value: &mut Value<'_>, path: &Path<'_>, forced: Option<Forced>) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::String(text) => {
                if let Some(masked) = self.text(text, path, forced) {
                    *text = Cow::Owned(masked);
                }
            }
            Value::Number(digits) => {
                if let Some(rule) = self.number(digits, forced)
                    && self.report(path, rule)
                {
                    *value = Value::from(MASK);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.value(item, &Path::Index(path, index), forced);
                }
            }
            Value::Object(object) => {
                if self.keys(object, path) {
                    self.object(object, path, forced);
                } else {
                    *value = Value::from(MASK);
                }
            }
        }
    }

    fn object(&mut self, object: &mut Object<'_>, path: &Path<'_>, forced: Option<Forced>) {
        let (forced, named) = match forced {
            Some(forced) if forced.objects => (Some(forced), None),
            Some(forced) => (None, Some(forced)),
            None => (None, self.named_by_sibling(object)),
        };
        for (key, member) in object.iter_mut() {
            let forced = forced
                .or_else(|| self.forced_by(key))
                .or_else(|| named.filter(|_| key.eq_ignore_ascii_case("value")));
            self.value(member, &Path::Key(path, key), forced);
        }
    }

    fn forced_by(&self, key: &str) -> Option<Forced> {
        if self.masker.keys.contain(key) {
            return Some(Forced { rule: "key_name", numbers: true, objects: true });
        }
        let detector = key_names::detect(key, self.masker.enabled)?;
        Some(Forced {
            rule: detector.name(),
            numbers: detector != Detector::TokenKey,
            objects: matches!(detector, Detector::PasswordKey | Detector::CardKey),
        })
    }

    /// `{"name": "DB_PASSWORD", "value": "…"}`: environments, headers and tags are written so.
    fn named_by_sibling(&self, object: &Object<'_>) -> Option<Forced> {
        let name = object.iter().find_map(|(key, value)| {
            let names = ["name", "key", "header"].iter().any(|n| key.eq_ignore_ascii_case(n));
            value.as_str().filter(|_| names)
        })?;
        // As it will stand there, so that masking again finds the same.
        self.forced_by(&self.masker.mask_text(name))
    }

    fn text(&mut self, text: &str, path: &Path<'_>, forced: Option<Forced>) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        if let Some(forced) = forced
            && !is_reference(text)
        {
            let gone = is_placeholder(text);
            return (!gone && self.report(path, forced.rule)).then(|| MASK.to_owned());
        }
        let (masked, struck) = patterns::mask(text, self.masker.enabled)?;
        if self.kept(path) {
            return None;
        }
        for detector in struck {
            self.report(path, detector.name());
        }
        Some(masked)
    }

    fn number(&self, digits: &str, forced: Option<Forced>) -> Option<&'static str> {
        if let Some(forced) = forced {
            return forced.numbers.then_some(forced.rule);
        }
        let enabled = self.masker.enabled.contains(Detector::PaymentCard);
        (enabled && (14..=16).contains(&digits.len()) && card::is_card(digits))
            .then(|| Detector::PaymentCard.name())
    }

    /// Secrets that were used as keys: the new key is the masked text, with a number behind it where
    /// that stands already. False where there are so many that the object must go as a whole.
    fn keys(&mut self, object: &mut Object<'_>, path: &Path<'_>) -> bool {
        let enabled = self.masker.enabled;
        let secret: Vec<_> = object
            .iter()
            .filter_map(|(key, _)| {
                patterns::mask(key, enabled).map(|(masked, struck)| (key.to_owned(), masked, struck))
            })
            .take(SECRET_KEYS_MAX + 1)
            .collect();
        if secret.is_empty() || self.kept(path) {
            return true;
        }
        if let Some((_, _, struck)) = secret.get(SECRET_KEYS_MAX) {
            for detector in struck {
                self.report(path, detector.name());
            }
            return false;
        }
        for (key, masked, struck) in secret {
            let Some(member) = object.remove(&key) else {
                continue;
            };
            let name = free_name(object, masked);
            for detector in struck {
                self.report(&Path::Key(path, &name), detector.name());
            }
            object.insert(name, member);
        }
        true
    }

    /// Notes a place, unless the policy keeps it.
    fn report(&mut self, path: &Path<'_>, rule: &'static str) -> bool {
        let pointer = path.pointer();
        let kept = self.masker.keep.iter().any(|keep| keep.covers(&pointer));
        if !kept {
            self.found.push(Masked { pointer, rule });
        }
        !kept
    }

    fn kept(&self, path: &Path<'_>) -> bool {
        !self.masker.keep.is_empty() && {
            let pointer = path.pointer();
            self.masker.keep.iter().any(|keep| keep.covers(&pointer))
        }
    }
}

fn free_name(object: &Object<'_>, masked: String) -> String {
    let taken = |name: &str| object.get(name).is_some();
    if !taken(&masked) {
        return masked;
    }
    let numbered = (2..).map(|number: usize| format!("{masked}#{number}"));
    numbered.take(usize::from(u16::MAX)).find(|name| !taken(name)).unwrap_or(masked)
}
