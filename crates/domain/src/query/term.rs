//! From a field of an entry, a comparison and a value to a clause.

use super::{
    Clause, Comparison, Field, Network, Number, Order, Path, Query, Root, ValueTest, Words, fields,
    given::{only_equal, pattern, plain, time, words},
    lexer::Given,
    vocabulary::{Examples, Refusal, Vocabulary, refusal},
};
use crate::{Outcome, Severity};

/// What has an order, as a hint says it.
const ORDERED: &str = "severity, seq, the times and numbers in metadata, before and after";

impl Vocabulary for Clause {
    const EXAMPLES: Examples =
        Examples { excluded: "-outcome:success", exists: "exists:metadata.region", pattern: "action:*User" };

    fn text(words: Words) -> Self {
        Self::Text(words)
    }

    fn exists(name: &str) -> Option<Self> {
        Path::of(name).map(Self::Exists)
    }

    fn term(name: &str, comparison: Comparison, value: &Given) -> Option<Result<Query, Refusal>> {
        Field::of(name).map(|field| term(&field, comparison, value))
    }

    fn has(name: &str) -> bool {
        Field::of(name).is_some()
    }

    fn unknown(name: &str) -> Refusal {
        if Root::of(name).is_some() {
            return refusal(
                format!("`{name}` holds many values"),
                format!("name the key: `{name}.key:value`"),
            );
        }
        refusal(format!("there is no field `{name}`"), fields::hint_for(name))
    }

    fn words(&self) -> usize {
        match self {
            Self::Text(words) | Self::Message(words) => words.count(),
            _ => 1,
        }
    }
}

pub(super) fn term(field: &Field, comparison: Comparison, value: &Given) -> Result<Query, Refusal> {
    if value.is_any(comparison) {
        return Ok(Clause::Exists(field.path()).into());
    }
    let clause = match field {
        Field::Keyword(field) => {
            only_equal(field.name(), comparison, ORDERED)?;
            Clause::Is { field: *field, pattern: pattern(value)? }
        }
        Field::Message => {
            only_equal("message", comparison, ORDERED)?;
            Clause::Message(words("message", value)?)
        }
        Field::Value(root, path) => {
            Clause::Value { root: *root, path: path.clone(), test: value_test(comparison, value)? }
        }
        Field::Id => {
            only_equal("id", comparison, ORDERED)?;
            let id = plain(value)?.parse().map_err(|_| {
                refusal("this is no entry's id", "ids are UUIDs: `id:01890a5d-ac96-774b-bcce-b302099a8057`")
            })?;
            Clause::Id(id)
        }
        Field::Number(field) => {
            Clause::Number { field: *field, comparison, number: number(field.name(), plain(value)?)? }
        }
        Field::Severity => Clause::Severity { comparison, severity: severity(plain(value)?)? },
        Field::Outcome => {
            only_equal("outcome", comparison, ORDERED)?;
            Clause::Outcome(outcome(plain(value)?)?)
        }
        Field::Address(field) => {
            only_equal(field.name(), comparison, ORDERED)?;
            let network = network(field.name(), plain(value)?)?;
            Clause::Address { field: *field, network }
        }
        Field::Time(field) => {
            return time(field.name(), comparison, value, |comparison, instant| Clause::Time {
                field: *field,
                comparison,
                instant,
            });
        }
    };
    Ok(clause.into())
}

fn value_test(comparison: Comparison, value: &Given) -> Result<ValueTest, Refusal> {
    let order = match comparison {
        Comparison::Equal => return Ok(ValueTest::Is(pattern(value)?)),
        Comparison::Less => Order::Less,
        Comparison::AtMost => Order::AtMost,
        Comparison::More => Order::More,
        Comparison::AtLeast => Order::AtLeast,
    };
    Number::parse(plain(value)?)
        .map(|number| ValueTest::Ordered(order, number))
        .ok_or_else(|| refusal("an order compares numbers here", "for example `metadata.bytes>=1000`"))
}

fn number(name: &str, text: &str) -> Result<u64, Refusal> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or_else(|| {
        refusal("this is no whole number of at most 64 bits", format!("for example `{name}>=1000`"))
    })
}

fn severity(text: &str) -> Result<Severity, Refusal> {
    text.to_ascii_uppercase().parse().map_err(|_| {
        refusal("there is no such severity", "from least to gravest: INFO, WARNING, ERROR, CRITICAL")
    })
}

fn outcome(text: &str) -> Result<Outcome, Refusal> {
    text.to_ascii_lowercase()
        .parse()
        .map_err(|_| refusal("there is no such outcome", "one of success, failure, unknown"))
}

fn network(name: &str, text: &str) -> Result<Network, Refusal> {
    Network::parse(text).ok_or_else(|| {
        refusal(
            "this is no address and no network",
            format!("for example `{name}:10.0.0.1`, `{name}:10.0.0.0/8`, `{name}:2001:db8::/32`"),
        )
    })
}
