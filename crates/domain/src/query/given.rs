//! What a value can be read as, whatever the field is of.

use super::{
    Comparison, Instant, Pattern, Query, STARS_MAX, Wildcard, Words,
    lexer::{Bare, Given},
    vocabulary::{Refusal, refusal},
};

/// The value where a `*` has no meaning.
pub(crate) fn plain(value: &Given) -> Result<&str, Refusal> {
    match value {
        Given::Quoted(text) => Ok(text),
        Given::Bare(bare) => bare.as_literal().ok_or_else(|| {
            refusal("`*` has no meaning in this field", "write the whole value, or `field:*` for any")
        }),
    }
}

pub(crate) fn pattern(value: &Given) -> Result<Pattern, Refusal> {
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

pub(crate) fn words(name: &str, value: &Given) -> Result<Words, Refusal> {
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
            format!("`{name}` is searched by words, or by the beginning of one word"),
            format!("write `{name}:denied`, `{name}:\"access denied\"` or `{name}:den*`"),
        )
    })
}

pub(crate) fn only_equal(name: &str, comparison: Comparison, ordered: &str) -> Result<(), Refusal> {
    if comparison == Comparison::Equal {
        return Ok(());
    }
    Err(refusal(format!("`{name}` has no order"), format!("write `{name}:value`; an order have {ordered}")))
}

/// A date alone is its first instant in UTC; with `:` it is the whole day. `clause` makes one of `name`.
pub(crate) fn time<C>(
    name: &str,
    comparison: Comparison,
    value: &Given,
    clause: impl Fn(Comparison, Instant) -> C,
) -> Result<Query<C>, Refusal> {
    let text = plain(value)?;
    let clause = |comparison, instant| Query::Clause(clause(comparison, instant));
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
            format!("for example `{name}>=2026-03-01`, `{name}<2026-03-01T12:00:00+02:00`"),
        )
    })?;
    Ok(clause(comparison, instant))
}
