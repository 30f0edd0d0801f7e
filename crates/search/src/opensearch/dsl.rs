//! A plan, as OpenSearch is asked it. Everything is a filter: nothing is scored.

use custody_domain::{
    EntryId,
    query::{
        Comparison, Instant, TimeField, Wildcard,
        terms::{Leaf, Plan, TextField},
    },
};
use serde_json::{Value, json};

use super::document::field;

pub(super) fn query(plan: &Plan) -> Value {
    match plan {
        Plan::All => json!({"match_all": {}}),
        Plan::Not(inner) => json!({"bool": {"must_not": [query(inner)]}}),
        Plan::And(several) => {
            json!({"bool": {"filter": several.iter().map(query).collect::<Vec<_>>()}})
        }
        Plan::Or(several) if several.is_empty() => none(),
        Plan::Or(several) => {
            let any: Vec<_> = several.iter().map(query).collect();
            json!({"bool": {"should": any, "minimum_should_match": 1}})
        }
        Plan::Leaf(leaf) => self::leaf(leaf),
    }
}

fn none() -> Value {
    json!({"match_none": {}})
}

fn leaf(leaf: &Leaf) -> Value {
    match leaf {
        Leaf::Term(term) => exactly(field::TERMS, term),
        Leaf::Range(range) => json!({"range": {field::TERMS: {"gte": range.first, "lte": range.last}}}),
        Leaf::Pattern { prefix, pattern } => match pattern.as_prefix() {
            Some(beginning) => json!({"prefix": {field::TERMS: {"value": format!("{prefix}{beginning}")}}}),
            None => json!({"wildcard": {field::TERMS: {"value": wildcard(prefix, pattern)}}}),
        },
        Leaf::Phrase { field, tokens } => match tokens.as_slice() {
            [only] => exactly(name(*field), only),
            several => json!({"match_phrase": {name(*field): {"query": several.join(" "), "slop": 0}}}),
        },
        Leaf::TokenPrefix { field, prefix } => json!({"prefix": {name(*field): {"value": prefix}}}),
        Leaf::Id(id) => self::id(*id),
        Leaf::Seq { comparison, number } => match i64::try_from(*number) {
            Ok(number) => compare(field::SEQ, *comparison, number),
            // No log is so long.
            Err(_) if matches!(comparison, Comparison::Less | Comparison::AtMost) => query(&Plan::All),
            Err(_) => none(),
        },
        Leaf::Severity { comparison, severity } => {
            compare(field::SEVERITY, *comparison, severity.rank().into())
        }
        Leaf::Outcome(outcome) => compare(field::OUTCOME, Comparison::Equal, outcome.code().into()),
        Leaf::Time { field, comparison, instant } => time(*field, *comparison, *instant),
    }
}

fn name(field: TextField) -> &'static str {
    match field {
        TextField::Any => field::ANY,
        TextField::Message => field::MESSAGE,
    }
}

pub(super) fn exactly(field: &str, value: &str) -> Value {
    json!({"term": {field: {"value": value}}})
}

fn compare(field: &str, comparison: Comparison, number: i64) -> Value {
    let bound = match comparison {
        Comparison::Equal => return json!({"term": {field: {"value": number}}}),
        Comparison::Less => "lt",
        Comparison::AtMost => "lte",
        Comparison::More => "gt",
        Comparison::AtLeast => "gte",
    };
    json!({"range": {field: {bound: number}}})
}

fn id(id: EntryId) -> Value {
    let (millis, counter) = id.parts();
    match (i64::try_from(millis), i64::try_from(counter)) {
        (Ok(millis), Ok(counter)) => json!({"bool": {"filter": [
            compare(field::MILLIS, Comparison::Equal, millis),
            compare(field::COUNTER, Comparison::Equal, counter),
        ]}}),
        _ => none(),
    }
}

fn time(field: TimeField, comparison: Comparison, instant: Instant) -> Value {
    let at = instant.microseconds();
    match field {
        TimeField::Time => compare(field::TIME, comparison, at),
        // Where it is absent the column holds when it was received.
        TimeField::OccurredAt => json!({"bool": {"filter": [
            leaf(&Leaf::Term("poccurred_at".to_owned())),
            compare(field::TIME, comparison, at),
        ]}}),
        TimeField::ReceivedAt => received(comparison, at),
    }
}

/// A time of receipt is a whole millisecond, and `at` in microseconds.
fn received(comparison: Comparison, at: i64) -> Value {
    let (floor, whole) = (at.div_euclid(1_000), at.rem_euclid(1_000) == 0);
    match comparison {
        Comparison::Equal if !whole => none(),
        // What is before a broken millisecond's end is at most the millisecond.
        Comparison::Less if !whole => compare(field::MILLIS, Comparison::AtMost, floor),
        Comparison::AtLeast if !whole => compare(field::MILLIS, Comparison::More, floor),
        other => compare(field::MILLIS, other, floor),
    }
}

/// Its characters mean themselves, but for the stars between the pieces.
fn wildcard(prefix: &str, pattern: &Wildcard) -> String {
    let mut out = String::with_capacity(prefix.len() + 16);
    escape(&mut out, prefix);
    for (at, piece) in pattern.pieces().iter().enumerate() {
        if at > 0 {
            out.push('*');
        }
        escape(&mut out, piece);
    }
    out
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use custody_domain::query::parse;

    use super::*;

    #[test]
    fn a_star_of_the_text_is_no_star_of_the_pattern() {
        let plan = Plan::of(&parse(r"metadata.path:C\:\\\*\?*.exe").unwrap());
        let asked = query(&plan).to_string();
        assert!(asked.contains(r"smetadata.path\u0000C:\\\\\\*\\?*.exe"), "{asked}");
    }

    #[test]
    fn times_of_receipt_are_compared_as_finely_as_the_query_says() {
        for (comparison, at, expected) in [
            (Comparison::Equal, 5_000, json!({"term": {"ms": {"value": 5}}})),
            (Comparison::Equal, 5_001, none()),
            (Comparison::Less, 5_000, json!({"range": {"ms": {"lt": 5}}})),
            (Comparison::Less, 5_001, json!({"range": {"ms": {"lte": 5}}})),
            (Comparison::AtMost, 5_999, json!({"range": {"ms": {"lte": 5}}})),
            (Comparison::More, 5_001, json!({"range": {"ms": {"gt": 5}}})),
            (Comparison::AtLeast, 5_001, json!({"range": {"ms": {"gt": 5}}})),
            (Comparison::AtLeast, -1, json!({"range": {"ms": {"gt": -1}}})),
        ] {
            assert_eq!(received(comparison, at), expected, "{comparison:?} {at}");
        }
    }
}
