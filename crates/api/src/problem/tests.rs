#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::Duration;

use custody_search::SearchError;

use super::*;

#[test]
fn the_kinds_are_a_closed_and_documented_list() {
    let documented = include_str!("../../../../docs/http.md");
    let mut seen = std::collections::BTreeSet::new();
    for kind in Kind::ALL {
        assert!(seen.insert(kind.uri()), "{kind:?} has another's name");
        let row = format!("| `{}` | {} |", kind.uri(), kind.status().as_u16());
        assert!(documented.contains(&row), "docs/http.md lacks: {row}");
    }
}

#[test]
fn a_status_of_a_library_finds_the_kind_of_the_same_status() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of(kind.status()).status(), kind.status());
    }
    assert_eq!(Kind::of(StatusCode::IM_A_TEAPOT), Kind::BadRequest);
    assert_eq!(Kind::of(StatusCode::BAD_GATEWAY), Kind::Internal);
}

#[test]
fn a_search_that_gets_no_turn_is_told_when_to_come_again() {
    let busy = SearchError::Busy { wait: Duration::from_secs(5) };
    let response = Problem::from(busy).into_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "5");
}

#[test]
fn members_stand_in_their_order_and_the_cause_is_not_among_them() {
    let cause = std::io::Error::other("password authentication failed for host 10.0.0.7");
    let problem = Problem::new(Kind::Quarantined, "It was quarantined.")
        .member("quarantine_id", "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f".into())
        .fault(Fault::at("/actor/id", "is required"))
        .caused_by(cause);
    let body = String::from_utf8(problem.body(Some("r1"))).unwrap();
    insta::assert_snapshot!(body);
}
