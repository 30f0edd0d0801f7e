//! From a field, a comparison and a value to a clause.

use super::{
    Clause, Comparison, Field, Instant, Network, Number, Order, Pattern, Query, STARS_MAX, TimeField,
    ValueTest, Wildcard, Words,
    lexer::{Bare, Given},
};
use crate::{Outcome, Severity};

/// Why a field cannot be asked for this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) detail: String,
    pub(super) hint: String,
}

fn refusal(detail: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal { detail: detail.into(), hint: hint.into() }
}

pub(super) fn term(field: &Field, comparison: Comparison, value: &Given) -> Result<Query, Refusal> {
    if let (Given::Bare(bare), Comparison::Equal) = (value, comparison)
        && bare.is_only_stars()
    {
        return Ok(Clause::Exists(field.path()).into());
    }
    let clause = match field {
        Field::Keyword(field) => {
            only_equal(field.name(), comparison)?;
            Clause::Is { field: *field, pattern: pattern(value)? }
        }
        Field::Message => {
            only_equal("message", comparison)?;
            Clause::Message(words(value)?)
        }
        Field::Value(root, path) => {
            Clause::Value { root: *root, path: path.clone(), test: value_test(comparison, value)? }
        }
        Field::Id => {
            only_equal("id", comparison)?;
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
            only_equal("outcome", comparison)?;
            Clause::Outcome(outcome(plain(value)?)?)
        }
        Field::Address(field) => {
            only_equal(field.name(), comparison)?;
            let network = network(field.name(), plain(value)?)?;
            Clause::Address { field: *field, network }
        }
        Field::Time(field) => return time(*field, comparison, plain(value)?),
    };
    Ok(clause.into())
}

fn only_equal(name: &str, comparison: Comparison) -> Result<(), Refusal> {
    if comparison == Comparison::Equal {
        return Ok(());
    }
    Err(refusal(
        format!("`{name}` has no order"),
        format!(
            "write `{name}:value`; an order have severity, seq, the times and numbers in metadata, before and after"
        ),
    ))
}

/// The value where a `*` has no meaning.
fn plain(value: &Given) -> Result<&str, Refusal> {
    match value {
        Given::Quoted(text) => Ok(text),
        Given::Bare(bare) => bare.as_literal().ok_or_else(|| {
            refusal("`*` has no meaning in this field", "write the whole value, or `field:*` for any")
        }),
    }
}

fn pattern(value: &Given) -> Result<Pattern, Refusal> {
    let bare = match value {
        Given::Quoted(text) => return Ok(Pattern::Literal(text.clone())),
        Given::Bare(bare) => bare,
    };
    if let Some(literal) = bare.as_literal() {
        return Ok(Pattern::from(literal));
    }
    if bare.0.len() > STARS_MAX + 1 {
        return Err(refusal(
            format!("the value has more than {STARS_MAX} `*`"),
            "a `*` that stands for itself is put in double quotes",
        ));
    }
    // Nothing but stars was asked for existence above.
    Wildcard::new(bare.0.clone())
        .map(Pattern::Wildcard)
        .ok_or_else(|| refusal("the value has nothing but `*`", "write `exists:field`"))
}

fn words(value: &Given) -> Result<Words, Refusal> {
    let words = match value {
        Given::Quoted(text) => Words::phrase(text),
        Given::Bare(Bare(pieces)) => match pieces.as_slice() {
            [text] => Words::phrase(text),
            [beginning, end] if end.is_empty() => Words::prefix(beginning),
            _ => None,
        },
    };
    words.ok_or_else(|| {
        refusal(
            "the message is searched by words, or by the beginning of one word",
            "write `message:denied`, `message:\"access denied\"` or `message:den*`",
        )
    })
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

/// A date alone is its first instant in UTC; with `:` it is the whole day.
fn time(field: TimeField, comparison: Comparison, text: &str) -> Result<Query, Refusal> {
    let clause = |comparison, instant| Query::from(Clause::Time { field, comparison, instant });
    if let Some(day) = Instant::parse_date(text) {
        return Ok(match comparison {
            Comparison::Equal => {
                Query::and([clause(Comparison::AtLeast, day), clause(Comparison::Less, day.plus_days(1))])
            }
            other => clause(other, day),
        });
    }
    let instant = Instant::parse(text).ok_or_else(|| {
        refusal(
            "this is no time with its offset, and no date",
            format!("for example `{0}>=2026-03-01`, `{0}<2026-03-01T12:00:00+02:00`", field.name()),
        )
    })?;
    Ok(clause(comparison, instant))
}
