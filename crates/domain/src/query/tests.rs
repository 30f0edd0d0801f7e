//! The laws of the language, and the bounds.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use proptest::prelude::*;

use super::{CLAUSES_MAX, DEPTH_MAX, QUERY_BYTES_MAX, Query, arbitrary, parse};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_rendered_reads_back_as_the_same_tree(query in arbitrary::query()) {
        prop_assert_eq!(parse(&query.render()), Ok(query));
    }

    #[test]
    fn no_text_makes_the_parser_panic_and_errors_lie_within_it(text in any::<String>()) {
        check_any_text(&text)?;
    }

    #[test]
    fn nor_does_a_text_of_the_languages_own_signs(
        text in "([-a-c():\"*\\\\<>=. ]|AND |OR |NOT |metadata|exists:|time|\\*|é){0,24}"
    ) {
        check_any_text(&text)?;
    }

    #[test]
    fn two_negations_are_none(query in arbitrary::query(), entry in arbitrary::entry()) {
        let twice = Query::negated(Query::negated(query.clone()));
        prop_assert_eq!(twice.matches(&entry), query.matches(&entry));
        prop_assert_ne!(Query::negated(query.clone()).matches(&entry), query.matches(&entry));
    }

    #[test]
    fn de_morgan(a in arbitrary::query(), b in arbitrary::query(), entry in arbitrary::entry()) {
        let not = Query::negated;
        prop_assert_eq!(
            not(Query::and([a.clone(), b.clone()])).matches(&entry),
            Query::or([not(a.clone()), not(b.clone())]).matches(&entry)
        );
        prop_assert_eq!(
            not(Query::or([a.clone(), b.clone()])).matches(&entry),
            Query::and([not(a), not(b)]).matches(&entry)
        );
    }

    #[test]
    fn flattening_changes_no_meaning(
        queries in prop::collection::vec(arbitrary::query(), 0..4), entry in arbitrary::entry()
    ) {
        let each: Vec<bool> = queries.iter().map(|q| q.matches(&entry)).collect();
        prop_assert_eq!(Query::and(queries.clone()).matches(&entry), each.iter().all(|m| *m));
        prop_assert_eq!(Query::or(queries).matches(&entry), each.iter().any(|m| *m));
    }

    #[test]
    fn what_matches_lies_in_the_received_range(query in arbitrary::query(), entry in arbitrary::entry()) {
        // The entries of these tests were received in 1970; those that happened long after break
        // the rule of validation that the range relies on.
        let range = query.received_range();
        let received = super::Instant::from(entry.received_at());
        let lawful = entry.content.pointer("/occurred_at").and_then(|v| v.as_str()).is_none_or(|at| at < "1970");
        if lawful && query.matches(&entry) {
            prop_assert!(range.from.is_none_or(|from| from <= received));
            prop_assert!(range.before.is_none_or(|before| received < before));
        }
    }
}

fn check_any_text(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(query) => prop_assert_eq!(parse(&query.render()), Ok(query)),
        Err(error) => {
            prop_assert!(text.is_char_boundary(error.byte));
            prop_assert_eq!(text[..error.byte].chars().count(), error.position);
            prop_assert!(!error.detail.is_empty() && !error.hint.is_empty());
        }
    }
    Ok(())
}

#[test]
fn queries_without_measure_are_refused_with_the_bound() {
    let deep = format!("{}x{}", "(".repeat(1_000), ")".repeat(1_000));
    let negated = format!("{}x", "-".repeat(1_000));
    let terms = "a ".repeat(1_000);
    let phrase = format!("\"{terms}\"");
    let long = "a".repeat(QUERY_BYTES_MAX + 1);
    for (query, bound) in [
        (deep, DEPTH_MAX),
        (negated, DEPTH_MAX),
        (terms, CLAUSES_MAX),
        (phrase, CLAUSES_MAX),
        (long, QUERY_BYTES_MAX),
    ] {
        let error = parse(&query).unwrap_err();
        assert!(error.detail.contains(&bound.to_string()), "{error}");
    }
}

/// Jobs, streams and cursors keep what was asked in its one form, which may be longer than what was
/// written: it has to be read again.
#[test]
fn queries_that_could_not_be_read_again_are_refused_with_the_bound() {
    let days = |count: usize| vec!["time:2026-03-01"; count].join(" OR ");
    let nested = format!("{}a OR b c{}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
    let negated = format!("{}(a OR b c){}", "-(".repeat(DEPTH_MAX / 2 - 1), ")".repeat(DEPTH_MAX / 2 - 1));
    for (query, bound) in [
        (days(CLAUSES_MAX / 2 + 1), CLAUSES_MAX),
        (format!("action:\"{}\"", "\\a".repeat(4_000)), QUERY_BYTES_MAX),
    ] {
        let error = parse(&query).unwrap_err();
        assert!(
            error.detail.starts_with("written out") && error.detail.contains(&bound.to_string()),
            "{error}"
        );
    }
    for query in [days(CLAUSES_MAX / 2), nested, negated] {
        let query = parse(&query).unwrap();
        assert_eq!(parse(&query.render()), Ok(query));
    }
}

#[test]
fn queries_at_the_bounds_are_not_refused() {
    let deep = format!("{}x{}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
    parse(&deep).unwrap();
    parse(&format!("{}x", "-".repeat(DEPTH_MAX))).unwrap();
    parse(&"a ".repeat(CLAUSES_MAX)).unwrap();
    parse(&"a".repeat(QUERY_BYTES_MAX)).unwrap();
}
