//! From a field of a finding, a comparison and a value to a clause.

use std::str::FromStr;

use super::{Clause, Query, Word, WordField, fields::Field, names};
use crate::{
    finding::UnknownWord,
    query::{
        Comparison, Words, fields,
        given::{only_equal, pattern, plain, time, words},
        lexer::Given,
        vocabulary::{Examples, Refusal, Vocabulary, refusal},
    },
};

/// What has an order, as a hint says it.
const ORDERED: &str = "severity, first_seen and last_seen";

impl Vocabulary for Clause {
    const EXAMPLES: Examples =
        Examples { excluded: "-status:PASS", exists: "exists:owner", pattern: "check:*_public_access" };

    fn text(words: Words) -> Self {
        Self::Text(words)
    }

    fn exists(name: &str) -> Option<Self> {
        names().find(|known| *known == name).map(Self::Exists)
    }

    fn term(name: &str, comparison: Comparison, value: &Given) -> Option<Result<Query, Refusal>> {
        Field::of(name).map(|field| {
            if value.is_any(comparison) {
                let any = Self::exists(name).map(Query::Clause);
                return any.ok_or_else(|| Self::unknown(name));
            }
            term(name, field, comparison, value)
        })
    }

    fn has(name: &str) -> bool {
        Field::of(name).is_some()
    }

    fn unknown(name: &str) -> Refusal {
        // As the answer's JSON calls it.
        let bare = name.trim_end_matches("_id").trim_end_matches("_at");
        let hint = match fields::nearest(bare, names()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!(
                "a finding has {}; to look for this text itself, put it in double quotes",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        refusal(format!("there is no field `{name}`"), hint)
    }

    fn words(&self) -> usize {
        match self {
            Self::Text(words) | Self::Words { words, .. } => words.count(),
            _ => 1,
        }
    }
}

pub(super) fn term(
    name: &str,
    field: Field,
    comparison: Comparison,
    value: &Given,
) -> Result<Query, Refusal> {
    if let Field::Time(field) = field {
        return time(name, comparison, value, |comparison, instant| Clause::Time {
            field,
            comparison,
            instant,
        });
    }
    if field != Field::Word(WordField::Severity) {
        only_equal(name, comparison, ORDERED)?;
    }
    let clause = match field {
        Field::Text(field) => Clause::Is { field, pattern: pattern(value)? },
        Field::Words(field) => Clause::Words { field, words: words(name, value)? },
        Field::Word(WordField::Severity) => {
            Clause::Severity { comparison, severity: word(name, plain(value)?)? }
        }
        Field::Word(field) => Clause::Word(word_of(field, plain(value)?)?),
        Field::Flag(field) => Clause::Flag { field, value: flag(name, plain(value)?)? },
        Field::Id(field) => Clause::Id { field, id: id(name, plain(value)?)? },
        Field::Time(_) => return Err(Clause::unknown(name)),
    };
    Ok(clause.into())
}

fn word_of(field: WordField, text: &str) -> Result<Word, Refusal> {
    let name = field.name();
    match field {
        WordField::Status => word(name, text).map(Word::Status),
        WordField::Evidence => word(name, text).map(Word::Evidence),
        WordField::Delta => word(name, text).map(Word::Delta),
        WordField::Triage => word(name, text).map(Word::Triage),
        WordField::Severity => Err(Clause::unknown(name)),
    }
}

fn word<W: FromStr<Err = UnknownWord>>(name: &str, text: &str) -> Result<W, Refusal> {
    text.parse().map_err(|unknown: UnknownWord| {
        refusal(format!("this is no `{name}`"), format!("one of {}", unknown.allowed))
    })
}

fn flag(name: &str, text: &str) -> Result<bool, Refusal> {
    text.to_ascii_lowercase().parse().map_err(|_| {
        refusal(format!("`{name}` is true or false"), format!("write `{name}:true` or `-{name}:true`"))
    })
}

fn id(name: &str, text: &str) -> Result<uuid::Uuid, Refusal> {
    text.parse().map_err(|_| {
        refusal("this is no id", format!("ids are UUIDs: `{name}:01890a5d-ac96-774b-bcce-b302099a8057`"))
    })
}
