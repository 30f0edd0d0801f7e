//! Files that are not what they should be: what is whole of them is kept, and the rest is told by place.

use std::fmt::Write as _;

use custody_scans::import::{Bounds, Report};
use custody_store::findings::FINDING_BYTES_MAX;

use crate::findings_fixture::{gzip, read, read_within};

fn finding(uid: &str) -> String {
    format!(
        r#"{{"finding_info":{{"uid":"{uid}"}},"metadata":{{"event_code":"c"}},"cloud":{{"provider":"aws","account":{{"uid":"1"}}}},"status_code":"FAIL"}}"#
    )
}

/// Index, line and pointer of what was refused, with the reasons.
fn refusals(report: &Report) -> Vec<(u64, u64, String)> {
    let told = |r: &custody_scans::import::Refusal| (r.index, r.line, format!("{}: {}", r.pointer, r.reason));
    report.refusals.iter().map(told).collect()
}

#[tokio::test]
async fn a_broken_finding_costs_no_other() {
    let (a, b) = (finding("a"), finding("b"));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let long = format!(r#"{{"x":"{}"}}"#, "x".repeat(10 << 20));
    let huge = format!(r#"{{"x":"{}"}}"#, "x".repeat(17 << 20));
    for (broken, reason) in [
        (r#"{"a": tru}"#, "/a: expected a value at byte 6"),
        (r#"{"a":1,"a":2}"#, ": the same key stands twice at byte 7"),
        (r#"{"a":"\ud800"}"#, "/a: half of a surrogate pair at byte 6"),
        ("7", ": must be an object, not a number"),
        (&*deep, "nested deeper than 64 levels"),
        (&*long, "larger than"),
        (&*huge, "larger than"),
        (r#"{"class_uid":6003}"#, "/class_uid: must be a class of findings: 2001 to 2999"),
        (r#"{"finding_info":{"uid":7}}"#, "/finding_info/uid: must be a string, not a number"),
        ("{}", "/finding_info/uid: is missing: a finding needs a uid"),
        (
            r#"{"finding_info":{"uid":"x"},"metadata":{"event_code":"c"},"cloud":{"provider":"aws"}}"#,
            "/resources: is missing, and so is the account: what is it of?",
        ),
        (
            r#"{"finding_info":{"uid":"x"},"metadata":{"event_code":"c"},"unmapped":{"provider_uid":"1"}}"#,
            "/cloud/provider: is missing: of which provider is the account?",
        ),
    ] {
        for file in [format!("[{a},\n{broken},\n{b}]"), format!("{a}\n{broken}\n{b}")] {
            let (findings, report) = read(file.as_bytes()).await;
            assert_eq!(findings.iter().map(|f| &*f.uid).collect::<Vec<_>>(), ["a", "b"], "{report:?}");
            let refused = refusals(&report);
            assert_eq!((refused.len(), refused[0].0, refused[0].1), (1, 1, 2));
            assert!(refused[0].2.contains(reason), "{} instead of {reason}", refused[0].2);
            assert_eq!(report.broken, None);
        }
    }
    let mut bytes = format!("[{a},\n{{\"x\":\"").into_bytes();
    bytes.extend(b"\xff\"},\n");
    bytes.extend(format!("{b}]").into_bytes());
    let (findings, report) = read(&bytes).await;
    assert_eq!((findings.len(), &*refusals(&report)[0].2), (2, "/x: not UTF-8 at byte 6"));
}

#[tokio::test]
async fn where_the_next_cannot_be_found_it_is_told_where_that_is() {
    let (a, b) = (finding("a"), finding("b"));
    for (file, kept, place, reason) in [
        (format!("[{a},\n{b},\n{{\"x\":"), 2, (2, 3), "it was cut short"),
        (format!("[{a}\n{b}]"), 1, (1, 2), "a comma or the end of the array must stand here"),
        (String::new(), 0, (0, 1), "there is nothing in it"),
        ("hello".to_owned(), 0, (0, 1), "neither JSON"),
        ("\u{feff}".to_owned(), 0, (0, 1), "there is nothing in it"),
        ("a;b\n1;2\n".to_owned(), 0, (0, 1), "names no column FINDING_UID"),
        (
            "FINDING_UID;CHECK_ID;STATUS;SEVERITY;STATUS\n".to_owned(),
            0,
            (0, 1),
            "names the column STATUS twice",
        ),
    ] {
        let (findings, report) = read(file.as_bytes()).await;
        assert_eq!(findings.len(), kept, "{file}");
        let broken = report.broken.unwrap();
        assert_eq!((broken.index, broken.line), place, "{file}");
        assert!(broken.reason.contains(reason), "{}", broken.reason);
    }
}

#[tokio::test]
async fn a_packed_file_that_is_cut_short_gives_what_came_whole() {
    let lines: String = (0..3_000).fold(String::new(), |mut lines, n| {
        writeln!(lines, "{}", finding(&format!("{n}-{}", uuid::Uuid::new_v4()))).unwrap();
        lines
    });
    let zstd = zstd::encode_all(lines.as_bytes(), 1).unwrap();
    for packed in [gzip(lines.as_bytes()), zstd] {
        let (findings, report) = read(&packed[..packed.len() / 2]).await;
        let broken = report.broken.unwrap();
        assert!(broken.index >= 500 && findings.len() as u64 == broken.index, "{broken:?}");
        let (findings, report) = read(&packed).await;
        assert_eq!((findings.len(), report.broken), (3_000, None));
    }
}

/// What unpacks to far more than it is ends at the bound; memory has no more of it than one finding.
#[tokio::test]
async fn a_bomb_ends_at_the_bound() {
    let blanks = gzip(&vec![b' '; 64 << 20]);
    let bounds = Bounds { bytes_max: 8 << 20 };
    let mut file = gzip(format!("[{},", finding("a")).as_bytes());
    file.extend(blanks);
    let (findings, report) = read_within(&file, bounds).await;
    assert_eq!(findings.len(), 1);
    let broken = report.broken.unwrap();
    assert_eq!(
        (broken.index, broken.reason.as_str()),
        (1, "it can be read no further: it is larger than may be, unpacked")
    );
    assert!(broken.byte <= bounds.bytes_max);
}

const HEADER: &str = "FINDING_UID;CHECK_ID;STATUS;SEVERITY;PROVIDER;ACCOUNT_UID\n";

#[tokio::test]
async fn a_broken_row_costs_no_other() {
    for (row, reason) in [
        ("u;c;MAYBE;low;aws;1", "/STATUS: must be one of PASS, FAIL, MANUAL"),
        ("u;c;FAIL;urgent;aws;1", "/SEVERITY: must be one of critical, high, medium, low, informational"),
        (";c;FAIL;low;aws;1", "/FINDING_UID: is missing"),
        ("u;c;FAIL;low;;1", "/PROVIDER: is missing"),
        ("u;c;FAIL;low;aws", ": has 5 values for 6 columns"),
    ] {
        let file = format!("{HEADER}a;c;FAIL;low;aws;1\n{row}\n\"b\";c;PASS;low;aws;1\n");
        let (findings, report) = read(file.as_bytes()).await;
        assert_eq!(findings.iter().map(|f| &*f.uid).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(refusals(&report), [(1, 3, reason.to_owned())]);
        assert_eq!(report.broken, None);
    }
}

#[tokio::test]
async fn a_quote_that_is_not_closed_ends_a_table_within_bounds() {
    let mut file = format!("{HEADER}a;c;FAIL;low;aws;1\n\"b;c;FAIL;low;aws;1\n").into_bytes();
    file.resize(20 << 20, b'x');
    let (findings, report) = read(&file).await;
    assert_eq!(findings.len(), 1);
    let broken = report.broken.unwrap();
    assert_eq!((broken.index, broken.line), (1, 3));
    assert!(broken.reason.contains("is a quote not closed?"), "{}", broken.reason);
    let mut file = format!("{HEADER}a;c;FAIL;low;aws;1\n{}", "b".repeat(2)).into_bytes();
    file.extend(b"\xff;c;FAIL;low;aws;1\n");
    let (findings, report) = read(&file).await;
    assert_eq!((findings.len(), &*refusals(&report)[0].2), (1, "/FINDING_UID: not UTF-8"));
}

/// The first hundred are told of, and all are counted.
#[tokio::test]
async fn refusals_are_counted_and_the_first_are_told() {
    let file = format!("[{}]", vec!["1"; 5_000].join(","));
    let (findings, report) = read(file.as_bytes()).await;
    assert_eq!((findings.len(), report.refused, report.refusals.len()), (0, 5_000, 100));
    assert_eq!(report.refusals[99].index, 99);
    assert!(file.len() < FINDING_BYTES_MAX);
}

/// Columns of the database hold no NUL, and uids within bounds.
#[tokio::test]
async fn what_no_column_can_hold_is_refused_or_replaced() {
    let nul = finding("a\\u0000b");
    let long = finding(&"x".repeat(9_000));
    let (findings, report) = read(format!("[{nul},{long}]").as_bytes()).await;
    assert_eq!((findings.len(), &*findings[0].uid), (1, "a\u{fffd}b"));
    assert!(findings[0].text.contains("a\\u0000b"));
    assert_eq!(refusals(&report), [(1, 1, "/finding_info/uid: longer than 8192 bytes".to_owned())]);
}
