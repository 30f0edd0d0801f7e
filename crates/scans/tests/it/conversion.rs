//! One form to the other, on one run that Prowler wrote in both.

use std::collections::BTreeSet;

use custody_domain::json::{Limits, Value, parse, push_token};
use custody_scans::export::ExportForm;

use crate::findings_fixture::{Fixture, new_scan, prowler};

/// Columns that OCSF has nothing for.
const NOT_IN_OCSF: [&str; 5] = [
    "AUTH_METHOD",
    "REMEDIATION_CODE_CLI",
    "REMEDIATION_CODE_NATIVEIAC",
    "REMEDIATION_CODE_OTHER",
    "REMEDIATION_CODE_TERRAFORM",
];

/// Members of OCSF that no column has.
const NOT_IN_CSV: [&str; 3] = ["/finding_info/attacks", "/resources/0/data/metadata", "/unmapped/scan_id"];

#[tokio::test]
async fn ocsf_as_csv_lacks_what_ocsf_does_not_have_and_no_more() {
    let (Some(ocsf), Some(csv)) = (prowler("ocsf.json"), prowler("findings.csv")) else { return };
    let fixture = Fixture::new().await;
    let (tenant, scan) = (fixture.tenant().await, new_scan());
    fixture.import(&tenant, scan, ocsf).await;
    let out = fixture.export(&tenant, scan, ExportForm::Csv).await;
    let (columns, made) = rows(out.as_bytes());
    let (expected_columns, expected) = rows(&csv);
    assert_eq!(columns, expected_columns);
    assert_eq!(made.len(), expected.len());
    let mut differ = BTreeSet::new();
    for (made, expected) in made.iter().zip(&expected) {
        for ((column, made), expected) in columns.iter().zip(made).zip(expected) {
            if made != expected {
                assert_eq!(made, "", "{column}");
                differ.insert(column.as_str());
            }
        }
    }
    assert_eq!(differ.into_iter().collect::<Vec<_>>(), NOT_IN_OCSF);
}

#[tokio::test]
async fn csv_as_ocsf_lacks_what_csv_does_not_have_and_no_more() {
    let (Some(ocsf), Some(csv)) = (prowler("ocsf.json"), prowler("findings.csv")) else { return };
    let fixture = Fixture::new().await;
    let (tenant, scan) = (fixture.tenant().await, new_scan());
    fixture.import(&tenant, scan, csv).await;
    let out = fixture.export(&tenant, scan, ExportForm::Ocsf).await;
    let limits = Limits { bytes: 64 << 20, ..Limits::default() };
    let made = parse(out.as_bytes(), &limits).unwrap();
    let expected = parse(&ocsf, &limits).unwrap();
    let (made, expected) = (made.as_array().unwrap(), expected.as_array().unwrap());
    assert_eq!(made.len(), expected.len());
    let mut differ = BTreeSet::new();
    for (made, expected) in made.iter().zip(expected) {
        compare(made, expected, String::new(), &mut differ);
    }
    assert_eq!(differ.into_iter().collect::<Vec<_>>(), NOT_IN_CSV);
}

/// Where they differ; of an order of members that differs nothing is said but where all else is equal.
fn compare(made: &Value<'_>, expected: &Value<'_>, pointer: String, differ: &mut BTreeSet<String>) {
    if NOT_IN_CSV.contains(&pointer.as_str()) {
        if made != expected {
            differ.insert(pointer);
        }
        return;
    }
    let child = |key: &str| {
        let mut pointer = pointer.clone();
        push_token(&mut pointer, key);
        pointer
    };
    match (made, expected) {
        (Value::Object(made), Value::Object(expected)) => {
            for (key, value) in expected.iter() {
                compare(made.get(key).unwrap_or(&Value::Null), value, child(key), differ);
            }
            for (key, _) in made.iter().filter(|(key, _)| !expected.contains_key(key)) {
                differ.insert(format!("{} is too much", child(key)));
            }
        }
        (Value::Array(made), Value::Array(expected)) if made.len() == expected.len() => {
            for (n, (made, expected)) in made.iter().zip(expected).enumerate() {
                compare(made, expected, child(&n.to_string()), differ);
            }
        }
        _ if made == expected => {}
        _ => {
            differ.insert(pointer);
        }
    }
}

fn rows(file: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(file);
    let columns = reader.headers().unwrap().iter().map(String::from).collect();
    let row = |row: Result<csv::StringRecord, _>| row.unwrap().iter().map(String::from).collect();
    (columns, reader.records().map(row).collect())
}
