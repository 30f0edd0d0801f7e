//! The tables of docs/causes.md are those of the code.

use std::fmt::Write as _;

use super::{
    FITS,
    reads::{READS, USES, WORDS},
};

fn list(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

/// Between the marks; with `CUSTODY_UPDATE_DOCS` it is written there.
fn held(mark: &str, table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/causes.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end {mark} -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (there, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("CUSTODY_UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(there, table, "docs/causes.md: run this test with CUSTODY_UPDATE_DOCS=1");
}

#[test]
fn the_actions_that_fit_a_check_are_documented() {
    let mut table = "| checks | actions |\n| --- | --- |\n".to_owned();
    for (checks, actions) in FITS {
        writeln!(table, "| `{checks}` | {} |", list(actions)).unwrap();
    }
    held("fits", &table);
}

#[test]
fn what_changes_nothing_is_documented() {
    let table = format!(
        "| | |\n| --- | --- |\n| beginnings | {} |\n| words | {} |\n| uses | {} |\n",
        list(READS),
        list(WORDS),
        list(USES)
    );
    held("reads", &table);
}
