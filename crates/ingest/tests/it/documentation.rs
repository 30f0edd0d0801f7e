//! The tables in the documentation are those of the program.

use std::{fmt::Write as _, path::Path};

use custody_ingest::{
    Reason,
    format::cloudtrail::{
        resource_table::{ARN_KINDS, ROWS},
        severity_table::RULES,
    },
    mask::DETECTORS,
};

/// Set to write the tables into the pages rather than compare them.
const UPDATE: &str = "CUSTODY_UPDATE_DOCS";

/// Holds what stands between `<!-- name -->` and `<!-- end name -->` to `table`.
fn hold(page: &str, name: &str, table: &str) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} has {begin}"));
    let (shown, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{page} has {end}"));
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(shown, table, "run this test with {UPDATE}=1 to write the table into {page}");
    }
}

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    let columns = head.matches('|').count() - 1;
    let mut table = format!("{head}\n|{}\n", "---|".repeat(columns));
    for row in rows {
        writeln!(table, "{row}").unwrap();
    }
    table
}

#[test]
fn sources_shows_the_resource_table() {
    let rows = ROWS.iter().map(|row| {
        let id = row.id.template(row.service);
        let id = if id == "as sent" { id } else { format!("`{id}`") };
        format!("| {} | `{}` | `{}` | `{}` | {id} |", row.service, row.events, row.parameter, row.kind)
    });
    let head = "| service | events | parameter | `resource.type` | `resource.id` |";
    hold("sources.md", "resources", &table(head, rows));
}

#[test]
fn sources_shows_the_kinds_of_arns() {
    let rows = ARN_KINDS.iter().map(|(service, word, kind)| format!("| {service} | `{word}` | `{kind}` |"));
    hold("sources.md", "arn kinds", &table("| service | in the ARN | `resource.type` |", rows));
}

#[test]
fn sources_shows_the_severity_table() {
    let rows = RULES
        .iter()
        .map(|rule| format!("| {} | {} | `{}` | {} |", rule.severity, rule.service, rule.events, rule.why));
    hold("sources.md", "severities", &table("| severity | service | events | because |", rows));
}

#[test]
fn sources_names_every_reason() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sources.md");
    let text = std::fs::read_to_string(path).unwrap();
    for reason in Reason::ALL {
        assert!(text.contains(&format!("| `{reason}` |")), "{reason}");
    }
}

#[test]
fn masking_shows_the_detectors() {
    let rows = DETECTORS.iter().map(|(detector, what)| format!("| `{}` | {what} |", detector.name()));
    hold("masking.md", "detectors", &table("| detector | masks |", rows));
}
