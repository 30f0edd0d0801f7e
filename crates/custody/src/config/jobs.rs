//! Which kinds of job a worker runs, and how many at a time.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Deserializer};

/// `anchor=2,health,*`: these kinds, with so many slots, and (`*`) all others. Empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct JobKinds {
    /// None: as many as the kind itself says.
    pub(crate) named: BTreeMap<String, Option<usize>>,
    pub(crate) others: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("job kinds are written kind, kind=SLOTS or *, with commas; `{0}` is none of these")]
pub(crate) struct NotKinds(String);

impl FromStr for JobKinds {
    type Err = NotKinds;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut kinds = Self { named: BTreeMap::new(), others: text.trim().is_empty() };
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let not = || NotKinds(part.to_owned());
            let (kind, slots) = match part.split_once('=') {
                Some((kind, slots)) => (kind, Some(slots.parse().map_err(|_| not())?)),
                None => (part, None),
            };
            if kind == "*" && slots.is_none() {
                kinds.others = true;
            } else if kind.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.')) && !kind.is_empty()
            {
                kinds.named.insert(kind.to_owned(), slots);
            } else {
                return Err(not());
            }
        }
        Ok(kinds)
    }
}

impl<'de> Deserialize<'de> for JobKinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_with_their_slots_or_all_are_run() {
        let read = |text: &str| text.parse::<JobKinds>();
        let named = |kinds: &[(&str, Option<usize>)], others| {
            Ok(JobKinds { named: kinds.iter().map(|(k, s)| ((*k).to_owned(), *s)).collect(), others })
        };
        assert_eq!(read(""), named(&[], true));
        assert_eq!(read("anchor"), named(&[("anchor", None)], false));
        assert_eq!(
            read(" anchor=2, export.logs=0 ,*"),
            named(&[("anchor", Some(2)), ("export.logs", Some(0))], true)
        );
        for wrong in ["anchor=", "anchor=-1", "An", "*=3", "=1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
