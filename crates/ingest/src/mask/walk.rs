//! One pass over an event.

use std::borrow::Cow;

use custody_domain::json::{Object, PointerBudget, TooManyPointers, Value};

use super::{
    Detector, MASK, Masked, Masker, card, hints::Hints, is_access_key_id, is_placeholder, is_reference,
    key_names, path::Path, patterns, pointer_pattern::Ahead,
};

pub(super) struct Walk<'m> {
    masker: &'m Masker,
    hints: &'m Hints<'m>,
    found: Vec<Masked>,
    budget: PointerBudget,
}

type Done<T = ()> = Result<T, TooManyPointers>;

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
    /// Under `accessKey` stands now and then what AWS calls the key's id, which is public.
    key_ids_stay: bool,
}

/// What the tenant's policy says about a place.
#[derive(Clone, Default)]
struct Policy<'m> {
    mask: Ahead<'m>,
    keep: Ahead<'m>,
    /// Here or above.
    kept: bool,
}

impl Policy<'_> {
    fn key(&self, key: &str) -> Self {
        self.below(self.mask.key(key), |keep| keep.key(key))
    }

    fn index(&self, index: usize) -> Self {
        self.below(self.mask.index(index), |keep| keep.index(index))
    }
}

impl<'m> Policy<'m> {
    /// Whether it says the same of everything below as it says here.
    fn leads_nowhere(&self) -> bool {
        self.mask.is_empty() && (self.kept || self.keep.is_empty())
    }

    fn below(&self, mask: Ahead<'m>, step: impl Fn(&Ahead<'m>) -> Ahead<'m>) -> Self {
        let keep = if self.kept { Ahead::default() } else { step(&self.keep) };
        Self { mask, kept: self.kept || keep.here, keep }
    }
}

/// The secrets among an object's keys, replaced: the new key and the one that was sent, by which the
/// policy's pointers know it. None where there were so many that the object must go as a whole.
type Renamed = Option<Vec<(String, String)>>;

impl<'m> Walk<'m> {
    /// `hints` are those of the bytes that `event` was read from.
    pub(super) fn over(masker: &'m Masker, event: &mut Value<'_>, hints: &'m Hints<'m>) -> Done<Vec<Masked>> {
        let mut walk = Self { masker, hints, found: Vec::new(), budget: PointerBudget::default() };
        let policy = Policy {
            mask: Ahead::from_root(&masker.mask),
            keep: Ahead::from_root(&masker.keep),
            kept: false,
        };
        walk.value(event, &Path::Root, None, &policy)?;
        Ok(walk.found)
    }

    fn value(
        &mut self,
        value: &mut Value<'_>,
        path: &Path<'_>,
        forced: Option<Forced>,
        policy: &Policy<'m>,
    ) -> Done {
        if policy.mask.here {
            return self.mask_whole(value, path);
        }
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::String(_) | Value::Number(_) if policy.kept => {}
            Value::String(text) => {
                if let Some(masked) = self.text(text, path, forced)? {
                    *text = Cow::Owned(masked);
                }
            }
            Value::Number(digits) => {
                if let Some(rule) = self.number(digits, forced) {
                    self.report(path, rule)?;
                    *value = Value::from(MASK);
                }
            }
            Value::Array(items) => {
                let mut flagged = None;
                for (index, item) in items.iter_mut().enumerate() {
                    let why = forced.or(flagged.filter(|_| !item.as_str().is_some_and(is_flag)));
                    self.value(item, &Path::Index(path, index), why, &policy.index(index))?;
                    flagged = item.as_str().and_then(|text| self.forced_by_flag(text));
                }
            }
            Value::Object(object) => {
                let renamed = if policy.kept { Some(Vec::new()) } else { self.keys(object, path)? };
                match renamed {
                    Some(renamed) => self.object(object, path, forced, policy, &renamed)?,
                    None => *value = Value::from(MASK),
                }
            }
        }
        Ok(())
    }

    /// What a pointer of the policy names goes as a whole, whatever it is.
    fn mask_whole(&mut self, value: &mut Value<'_>, path: &Path<'_>) -> Done {
        let gone = matches!(value, Value::Null) || value.as_str().is_some_and(is_placeholder);
        if !gone {
            *value = Value::from(MASK);
            self.report(path, "pointer")?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        object: &mut Object<'_>,
        path: &Path<'_>,
        forced: Option<Forced>,
        policy: &Policy<'m>,
        renamed: &[(String, String)],
    ) -> Done {
        let (forced, named) = match forced {
            Some(forced) if forced.objects => (Some(forced), None),
            Some(forced) => (None, Some(forced)),
            None => (None, self.named_by_sibling(object)),
        };
        for (key, member) in object.iter_mut() {
            let forced = forced
                .or_else(|| self.forced_by(key))
                .or_else(|| named.filter(|_| key.eq_ignore_ascii_case("value")));
            let path = Path::Key(path, key);
            if policy.leads_nowhere() {
                self.value(member, &path, forced, policy)?;
                continue;
            }
            let sent = renamed.iter().find(|(new, _)| new == key).map_or(key, |(_, sent)| sent);
            self.value(member, &path, forced, &policy.key(sent))?;
        }
        Ok(())
    }

    fn forced_by(&self, key: &str) -> Option<Forced> {
        if self.masker.keys.contain(key) {
            return Some(Forced { rule: "key_name", numbers: true, objects: true, key_ids_stay: false });
        }
        let key_names::Named { detector, several } = key_names::detect(key, self.masker.enabled)?;
        Some(Forced {
            rule: detector.name(),
            numbers: match detector {
                Detector::TokenKey => false,
                Detector::SecretKey => !several,
                _ => true,
            },
            objects: matches!(detector, Detector::PasswordKey | Detector::CardKey),
            key_ids_stay: detector == Detector::SecretKey,
        })
    }

    /// `["--password", "…"]`: the item of a list of arguments behind a flag that names a secret.
    fn forced_by_flag(&self, text: &str) -> Option<Forced> {
        let name = text.trim_start_matches('-');
        let flag = name.len() < text.len() && !name.contains(|c: char| c == '=' || c.is_whitespace());
        if flag { self.forced_by(name) } else { None }
    }

    /// `{"name": "DB_PASSWORD", "value": "…"}`: environments, headers and tags are written so.
    fn named_by_sibling(&self, object: &Object<'_>) -> Option<Forced> {
        let name = object.iter().find_map(|(key, value)| {
            let names = ["name", "key", "header"].iter().any(|n| key.eq_ignore_ascii_case(n));
            value.as_str().filter(|_| names)
        })?;
        // As it will stand there, so that masking again finds the same.
        if self.hints.clear(name) {
            self.forced_by(name)
        } else {
            self.forced_by(&self.masker.mask_text(name))
        }
    }

    fn text(&mut self, text: &str, path: &Path<'_>, forced: Option<Forced>) -> Done<Option<String>> {
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(forced) = forced
            && !is_reference(text)
            && !(forced.key_ids_stay && is_access_key_id(text))
        {
            if is_placeholder(text) {
                return Ok(None);
            }
            self.report(path, forced.rule)?;
            return Ok(Some(MASK.to_owned()));
        }
        if self.hints.clear(text) {
            return Ok(None);
        }
        let Some((masked, struck)) = patterns::mask(text, self.masker.enabled) else { return Ok(None) };
        for detector in struck {
            self.report(path, detector.name())?;
        }
        Ok(Some(masked))
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
    /// that stands already.
    fn keys(&mut self, object: &mut Object<'_>, path: &Path<'_>) -> Done<Renamed> {
        let enabled = self.masker.enabled;
        let secret: Vec<_> = object
            .iter()
            .filter(|(key, _)| !self.hints.clear(key))
            .filter_map(|(key, _)| {
                patterns::mask(key, enabled).map(|(masked, struck)| (key.to_owned(), masked, struck))
            })
            .take(SECRET_KEYS_MAX + 1)
            .collect();
        if let Some((_, _, struck)) = secret.get(SECRET_KEYS_MAX) {
            for detector in struck {
                self.report(path, detector.name())?;
            }
            return Ok(None);
        }
        let mut renamed = Vec::with_capacity(secret.len());
        for (key, masked, struck) in secret {
            let Some(member) = object.remove(&key) else {
                continue;
            };
            let name = free_name(object, masked);
            for detector in struck {
                self.report(&Path::Key(path, &name), detector.name())?;
            }
            object.insert(name.clone(), member);
            renamed.push((name, key));
        }
        Ok(Some(renamed))
    }

    /// Notes a place.
    fn report(&mut self, path: &Path<'_>, rule: &'static str) -> Done {
        let pointer = path.pointer();
        self.budget.take(&pointer)?;
        self.found.push(Masked { pointer, rule });
        Ok(())
    }
}

/// A flag behind a flag: the first had no value.
fn is_flag(text: &str) -> bool {
    text.strip_prefix("--").is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    })
}

fn free_name(object: &Object<'_>, masked: String) -> String {
    let taken = |name: &str| object.get(name).is_some();
    if !taken(&masked) {
        return masked;
    }
    let numbered = (2..).map(|number: usize| format!("{masked}#{number}"));
    numbered.take(usize::from(u16::MAX)).find(|name| !taken(name)).unwrap_or(masked)
}
