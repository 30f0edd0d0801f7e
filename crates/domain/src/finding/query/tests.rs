//! The laws of the language over findings.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use proptest::prelude::*;

use super::{Filters, Narrow, Query, arbitrary, asks_for_said, asks_for_texts, parse};
use crate::finding::{FindingSeverity, Texts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_rendered_reads_back_as_the_same_tree(query in arbitrary::query()) {
        prop_assert_eq!(parse(&query.render()), Ok(query));
    }

    #[test]
    fn narrowing_never_loses(
        query in arbitrary::query(), findings in prop::collection::vec(arbitrary::finding(), 1..16)
    ) {
        let narrow = Narrow::of(&query);
        for finding in findings.iter().filter(|finding| query.matches(finding)) {
            prop_assert!(narrow.admits(finding), "{} {narrow:?}", query.render());
        }
    }

    #[test]
    fn a_query_that_asks_for_no_texts_does_not_look_at_them(
        query in arbitrary::query(), finding in arbitrary::finding()
    ) {
        let without = crate::finding::Finding { texts: Texts::default(), ..finding.clone() };
        if !asks_for_texts(&query) {
            prop_assert_eq!(query.matches(&finding), query.matches(&without), "{}", query.render());
        }
    }

    #[test]
    fn a_query_that_asks_for_nothing_said_does_not_look_at_it(
        query in arbitrary::query(), finding in arbitrary::finding()
    ) {
        let without = crate::finding::Finding { owner: "".into(), note: "".into(), ..finding.clone() };
        if !asks_for_said(&query) {
            prop_assert_eq!(query.matches(&finding), query.matches(&without), "{}", query.render());
        }
    }

    #[test]
    fn two_negations_are_none(query in arbitrary::query(), finding in arbitrary::finding()) {
        let twice = Query::negated(Query::negated(query.clone()));
        prop_assert_eq!(twice.matches(&finding), query.matches(&finding));
        prop_assert_ne!(Query::negated(query.clone()).matches(&finding), query.matches(&finding));
    }

    #[test]
    fn no_text_makes_the_parser_panic(
        text in "([-a-c():\"*\\\\<>=. ]|AND |OR |NOT |severity|exists:|muted|resource|\\*|é){0,24}"
    ) {
        if let Ok(query) = parse(&text) {
            prop_assert_eq!(parse(&query.render()), Ok(query));
        }
    }
}

#[test]
fn the_vocabulary_of_the_property_tests_meets() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut hits = 0;
    for _ in 0..1_000 {
        let query = arbitrary::query().new_tree(&mut runner).unwrap().current();
        let finding = arbitrary::finding().new_tree(&mut runner).unwrap().current();
        hits += usize::from(query.matches(&finding));
    }
    assert!((150..850).contains(&hits), "{hits} of 1,000 match");
}

#[test]
fn the_severities_of_a_query_are_narrowed_to_those_it_names() {
    use FindingSeverity::{Critical, High, Low};
    for (query, severities) in [
        ("severity>=high x", vec![High, Critical]),
        ("severity:high OR severity:low", vec![Low, High]),
        ("-severity<high", vec![High, Critical]),
        ("severity:high severity:low", vec![]),
    ] {
        let narrow = Narrow::of(&parse(query).unwrap());
        assert_eq!(narrow.severity.unwrap().into_iter().collect::<Vec<_>>(), severities, "{query}");
    }
    assert_eq!(Narrow::of(&parse("severity:high OR muted:true").unwrap()).severity, None);
}

/// One is its uid, the other its name.
#[test]
fn a_resource_may_be_asked_for_twice() {
    let narrow = Narrow::of(&parse("resource:arn:aws:s3:::logs resource:logs").unwrap());
    assert!(!narrow.resource.unwrap().is_empty());
}

#[test]
fn each_parameter_is_the_term_that_one_would_write() {
    let scan = "01890a5d-ac96-774b-bcce-b302099a8057";
    let filters = Filters {
        q: Some("public OR open"),
        status: Some("fail"),
        severity: Some("critical, high"),
        service: Some("s3"),
        region: Some("eu-west-1"),
        check_id: Some("s3_*"),
        account: Some("111122223333"),
        resource: Some("arn:aws:s3:::logs"),
        delta: Some("new,regressed"),
        triage: Some("open"),
        muted: Some("false"),
        scan_id: Some(scan),
        history: false,
    };
    assert_eq!(
        filters.to_query().unwrap().render(),
        format!(
            "(public OR open) status:FAIL (severity:critical OR severity:high) service:s3 region:eu-west-1 \
             check:\"s3_*\" account:111122223333 resource:arn:aws:s3:::logs (delta:new OR delta:regressed) \
             triage:open muted:false scan:{scan}"
        ),
    );
}

#[test]
fn the_current_findings_are_meant_where_nothing_else_is_said() {
    let query = |filters: Filters<'_>| filters.to_query().unwrap().render();
    assert_eq!(query(Filters::default()), "current:true");
    assert_eq!(
        query(Filters { severity: Some(">=high"), ..Filters::default() }),
        "current:true severity>=high"
    );
    assert_eq!(query(Filters { history: true, ..Filters::default() }), "*");
    for q in ["current:false", "scan:01890a5d-ac96-774b-bcce-b302099a8057"] {
        assert_eq!(query(Filters { q: Some(q), ..Filters::default() }), q);
    }
}

#[test]
fn a_wrong_value_names_its_parameter() {
    for (filters, expected) in [
        (Filters { severity: Some("ERROR"), ..Filters::default() }, "severity: this is no `severity`"),
        (Filters { severity: Some("high,"), ..Filters::default() }, "severity: this is no `severity`"),
        (Filters { scan_id: Some("7"), ..Filters::default() }, "scan_id: this is no id"),
        (Filters { muted: Some("yes"), ..Filters::default() }, "muted: `muted` is true or false"),
        (Filters { q: Some("(a"), ..Filters::default() }, "q: this `(` is not closed (at character 0)"),
    ] {
        assert_eq!(filters.to_query().unwrap_err().to_string(), expected);
    }
}
