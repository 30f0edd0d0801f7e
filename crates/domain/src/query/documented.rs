//! Runs every example of docs/query.md.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    CLAUSES_MAX, DEPTH_MAX, EXACT_BYTES_MAX, QUERY_BYTES_MAX, STARS_MAX, TOKEN_CHARS_MAX, fields, parse,
};
use crate::{
    Entry, EntryId, TenantId,
    json::{self, Limits},
};

pub(crate) const PAGE: &str = include_str!("../../../../docs/query.md");

/// The rows of every table whose head begins with these two columns.
pub(crate) fn rows(first: &str, second: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut within = false;
    for line in PAGE.lines() {
        let cells = cells(line);
        match cells.as_slice() {
            [] => within = false,
            [a, b, ..] if a == first && b == second => within = true,
            [rule, ..] if rule.starts_with("---") => {}
            _ if within => rows.push(cells),
            _ => {}
        }
    }
    assert!(!rows.is_empty(), "no table of {first} and {second}");
    rows
}

fn cells(line: &str) -> Vec<String> {
    let Some(line) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
        return Vec::new();
    };
    line.replace("\\|", "\0").split('|').map(|cell| cell.replace('\0', "|").trim().to_owned()).collect()
}

pub(crate) fn code(cell: &str) -> &str {
    cell.strip_prefix('`')
        .and_then(|cell| cell.strip_suffix('`'))
        .unwrap_or_else(|| panic!("no code: {cell}"))
}

fn entries() -> Vec<Entry<'static>> {
    let (_, after) = PAGE.split_once("```ndjson entries\n").unwrap();
    let (lines, _) = after.split_once("```").unwrap();
    let start: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().unwrap();
    (1..)
        .zip(lines.lines())
        .map(|(n, line)| Entry {
            tenant_id: TenantId(Uuid::from_u128(1)),
            id: EntryId::lower_bound(start + TimeDelta::seconds(n)),
            seq: n.try_into().unwrap(),
            leaf_hash: [0; 32],
            content: json::parse(line.as_bytes(), &Limits::default()).unwrap(),
        })
        .collect()
}

#[test]
fn every_example_matches_the_entries_that_the_page_says() {
    let entries = entries();
    for row in rows("query", "entries") {
        let query = parse(code(&row[0])).unwrap_or_else(|error| panic!("{}: {error}", row[0]));
        let matched: Vec<String> =
            entries.iter().filter(|entry| query.matches(entry)).map(|entry| entry.seq.to_string()).collect();
        assert_eq!(matched.join(" "), row[1], "{}", row[0]);
    }
}

#[test]
fn every_wrong_query_is_refused_where_the_page_says() {
    for row in rows("query", "character") {
        let error = parse(code(&row[0])).expect_err(&row[0]);
        assert_eq!(
            (error.position.to_string().as_str(), error.detail.as_str()),
            (row[1].as_str(), row[2].as_str()),
            "{}",
            row[0],
        );
    }
}

#[test]
fn every_form_is_the_one_that_the_page_says() {
    for row in rows("query", "canonical form") {
        assert_eq!(parse(code(&row[0])).unwrap().render(), code(&row[1]));
    }
}

#[test]
fn the_page_names_every_field_and_every_bound() {
    for name in fields::names() {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
    for bound in [
        format!("{DEPTH_MAX} deep"),
        format!("{CLAUSES_MAX} clauses"),
        format!("{STARS_MAX}\ntimes"),
        format!("the first {TOKEN_CHARS_MAX} count"),
        "2,048 bytes".to_owned(),
        "8,192 bytes".to_owned(),
    ] {
        assert!(PAGE.contains(&bound), "{bound}");
    }
    assert_eq!((EXACT_BYTES_MAX, QUERY_BYTES_MAX), (2_048, 8_192));
}
