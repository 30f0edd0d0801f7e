//! Runs the examples of docs/query.md that are about findings.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::{borrow::Cow, str::FromStr};

use serde_json::Value;

use super::{names, parse};
use crate::{
    finding::{Evidence, Finding, FoundOn, Texts},
    query::documented::{PAGE, code, rows},
};

fn findings() -> Vec<Finding<'static>> {
    let (_, after) = PAGE.split_once("```ndjson findings\n").unwrap();
    let (lines, _) = after.split_once("```").unwrap();
    lines.lines().map(|line| finding(&serde_json::from_str(line).unwrap())).collect()
}

fn text(value: &Value) -> Cow<'static, str> {
    value.as_str().unwrap_or_default().to_owned().into()
}

fn read<T: FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

fn finding(json: &Value) -> Finding<'static> {
    let texts = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
    Finding {
        id: read(&json["id"]),
        scan: read(&json["scan_id"]),
        uid: text(&json["uid"]),
        provider: text(&json["provider"]),
        check: text(&json["check_id"]),
        service: text(&json["service"]),
        region: text(&json["region"]),
        account: text(&json["account"]),
        resource: FoundOn {
            uid: text(&json["resource"]["uid"]),
            name: text(&json["resource"]["name"]),
            kind: text(&json["resource"]["type"]),
        },
        title: text(&json["title"]),
        status: read(&json["status"]),
        severity: read(&json["severity"]),
        evidence: json["evidence"].as_str().map_or(Evidence::Complete, |text| text.parse().unwrap()),
        delta: read(&json["delta"]),
        triage: read(&json["triage"]["state"]),
        owner: text(&json["triage"]["owner"]),
        note: text(&json["triage"]["note"]),
        muted: json["muted"] == true,
        current: json["current"] != false,
        first_seen: read(&json["first_seen_at"]),
        last_seen: read(&json["last_seen_at"]),
        texts: Texts {
            status_detail: text(&json["status_detail"]),
            description: text(&json["description"]),
            risk: text(&json["risk"]),
            remediation: text(&json["remediation"]),
            categories: texts(&json["categories"]),
            frameworks: texts(&json["frameworks"]),
        },
    }
}

#[test]
fn every_example_matches_the_findings_that_the_page_says() {
    let findings = findings();
    for row in rows("query of findings", "findings") {
        let query = parse(code(&row[0])).unwrap_or_else(|error| panic!("{}: {error}", row[0]));
        let matched: Vec<String> = (1..)
            .zip(&findings)
            .filter(|(_, finding)| query.matches(finding))
            .map(|(n, _): (usize, _)| n.to_string())
            .collect();
        assert_eq!(matched.join(" "), row[1], "{}", row[0]);
    }
}

#[test]
fn every_wrong_query_is_refused_where_the_page_says() {
    for row in rows("query of findings", "character") {
        let error = parse(code(&row[0])).expect_err(&row[0]);
        assert_eq!(
            (error.position.to_string().as_str(), error.detail.as_str()),
            (row[1].as_str(), row[2].as_str()),
            "{}",
            row[0],
        );
    }
    assert_eq!(parse("check_id:x").unwrap_err().hint, "did you mean `check`?");
}

#[test]
fn the_page_names_every_field_of_a_finding() {
    let (_, section) = PAGE.split_once("\n## Findings\n").unwrap();
    for name in names() {
        assert!(section.contains(&format!("`{name}`")), "{name}");
    }
}
