//! A finding of OCSF as a row of Prowler's CSV.

use custody_domain::json::Value;

/// Prowler 5.46's, in its order.
pub const COLUMNS: [&str; 44] = [
    "AUTH_METHOD",
    "TIMESTAMP",
    "ACCOUNT_UID",
    "ACCOUNT_NAME",
    "ACCOUNT_EMAIL",
    "ACCOUNT_ORGANIZATION_UID",
    "ACCOUNT_ORGANIZATION_NAME",
    "ACCOUNT_TAGS",
    "FINDING_UID",
    "PROVIDER",
    "CHECK_ID",
    "CHECK_TITLE",
    "CHECK_TYPE",
    "STATUS",
    "STATUS_EXTENDED",
    "MUTED",
    "SERVICE_NAME",
    "SUBSERVICE_NAME",
    "SEVERITY",
    "RESOURCE_TYPE",
    "RESOURCE_UID",
    "RESOURCE_NAME",
    "RESOURCE_DETAILS",
    "RESOURCE_TAGS",
    "PARTITION",
    "REGION",
    "DESCRIPTION",
    "RISK",
    "RELATED_URL",
    "REMEDIATION_RECOMMENDATION_TEXT",
    "REMEDIATION_RECOMMENDATION_URL",
    "REMEDIATION_CODE_NATIVEIAC",
    "REMEDIATION_CODE_TERRAFORM",
    "REMEDIATION_CODE_CLI",
    "REMEDIATION_CODE_OTHER",
    "COMPLIANCE",
    "CATEGORIES",
    "DEPENDS_ON",
    "RELATED_TO",
    "NOTES",
    "PROWLER_VERSION",
    "ADDITIONAL_URLS",
    "ACCOUNT_OU_UID",
    "ACCOUNT_OU_NAME",
];

/// The value of one of [`COLUMNS`], as no spreadsheet takes for a formula; empty where OCSF has none for it.
pub fn to_row(finding: &Value<'_>, column: &str) -> String {
    guarded(value(finding, column))
}

fn value(finding: &Value<'_>, column: &str) -> String {
    let text = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let pointer = match column {
        "TIMESTAMP" => return timestamp(text("/time_dt")),
        "ACCOUNT_TAGS" => return listed(finding, "/cloud/account/labels"),
        "CHECK_TYPE" => return listed(finding, "/finding_info/types"),
        "MUTED" => return if text("/status") == "Suppressed" { "True" } else { "False" }.to_owned(),
        "SEVERITY" => return text("/severity").to_lowercase(),
        "RESOURCE_TAGS" => return listed(finding, "/resources/0/labels").replace(':', "="),
        "REGION" => return region(finding),
        "ACCOUNT_UID" if finding.pointer("/cloud").is_none() => "/unmapped/provider_uid",
        "COMPLIANCE" => return compliance(finding),
        "CATEGORIES" => return listed(finding, "/unmapped/categories"),
        "DEPENDS_ON" => return listed(finding, "/unmapped/depends_on"),
        "RELATED_TO" => return listed(finding, "/unmapped/related_to"),
        "ADDITIONAL_URLS" => return listed(finding, "/unmapped/additional_urls"),
        _ => match POINTERS.iter().find(|(name, _)| *name == column) {
            Some((_, pointer)) => pointer,
            None => return String::new(),
        },
    };
    text(pointer).to_owned()
}

/// Columns that are one text of OCSF's.
const POINTERS: [(&str, &str); 25] = [
    ("ACCOUNT_UID", "/cloud/account/uid"),
    ("ACCOUNT_NAME", "/cloud/account/name"),
    ("ACCOUNT_ORGANIZATION_UID", "/cloud/org/uid"),
    ("ACCOUNT_ORGANIZATION_NAME", "/cloud/org/name"),
    ("FINDING_UID", "/finding_info/uid"),
    ("PROVIDER", "/unmapped/provider"),
    ("CHECK_ID", "/metadata/event_code"),
    ("CHECK_TITLE", "/finding_info/title"),
    ("STATUS", "/status_code"),
    ("STATUS_EXTENDED", "/status_detail"),
    ("SERVICE_NAME", "/resources/0/group/name"),
    ("RESOURCE_TYPE", "/resources/0/type"),
    ("RESOURCE_UID", "/resources/0/uid"),
    ("RESOURCE_NAME", "/resources/0/name"),
    ("RESOURCE_DETAILS", "/resources/0/data/details"),
    ("PARTITION", "/resources/0/cloud_partition"),
    ("DESCRIPTION", "/finding_info/desc"),
    ("RISK", "/risk_details"),
    ("RELATED_URL", "/unmapped/related_url"),
    ("REMEDIATION_RECOMMENDATION_TEXT", "/remediation/desc"),
    ("REMEDIATION_RECOMMENDATION_URL", "/remediation/references/0"),
    ("NOTES", "/unmapped/notes"),
    ("PROWLER_VERSION", "/metadata/product/version"),
    ("ACCOUNT_OU_UID", "/cloud/org/ou_uid"),
    ("ACCOUNT_OU_NAME", "/cloud/org/ou_name"),
];

/// `2026-01-31 12:00:00.5+00:00`, as Python writes it.
fn timestamp(text: &str) -> String {
    match text.strip_suffix('Z') {
        Some(text) => format!("{}+00:00", text.replacen('T', " ", 1)),
        None => text.replacen('T', " ", 1),
    }
}

fn region(finding: &Value<'_>) -> String {
    let text = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str);
    match text("/resources/0/region").or_else(|| text("/cloud/region")) {
        Some(region) => region.to_owned(),
        None => text("/resources/0/namespace").map(|n| format!("namespace: {n}")).unwrap_or_default(),
    }
}

/// ` | ` between them.
fn listed(finding: &Value<'_>, pointer: &str) -> String {
    let items = finding.pointer(pointer).and_then(Value::as_array).unwrap_or_default();
    let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    items.join(" | ")
}

/// `CIS-2.0: 1.1, 1.2 | ISO27001: A.1`
fn compliance(finding: &Value<'_>) -> String {
    let Some(frameworks) = finding.pointer("/unmapped/compliance").and_then(Value::as_object) else {
        return String::new();
    };
    let frameworks = frameworks.iter().map(|(framework, requirements)| {
        let requirements = requirements.as_array().unwrap_or_default();
        let requirements: Vec<&str> = requirements.iter().filter_map(Value::as_str).collect();
        format!("{framework}: {}", requirements.join(", "))
    });
    frameworks.collect::<Vec<_>>().join(" | ")
}

/// As Prowler does: what a spreadsheet would take for a formula, and is no number, gets a `'` before it.
fn guarded(text: String) -> String {
    let formula = text.starts_with(['\t', '\r', '\n'])
        || text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let number = || text.parse::<f64>().is_ok_and(f64::is_finite);
    if formula && !number() { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use custody_domain::json::{Limits, parse};

    use super::*;

    #[test]
    fn no_column_begins_a_formula() {
        let finding = r#"{"message": "m", "time_dt": "=1", "finding_info": {"uid": "@u", "title": "+1+x", "types": ["-x"]},
            "status_code": "=2", "severity": "=HIGH", "risk_details": "＝3", "unmapped": {"compliance": {"=f": ["1"]}},
            "resources": [{"region": "=2+2", "labels": [":HYPERLINK(\"http//evil\")"], "name": "-5"}]}"#;
        let finding = parse(finding.as_bytes(), &Limits::default()).unwrap();
        for column in COLUMNS {
            let cell = to_row(&finding, column);
            let number = cell.parse::<f64>().is_ok();
            assert!(
                number || !cell.starts_with(['=', '+', '-', '@', '＝', '\t', '\n', '\r']),
                "{column}: {cell}"
            );
        }
        assert_eq!(to_row(&finding, "REGION"), "'=2+2");
        assert_eq!(to_row(&finding, "RESOURCE_TAGS"), "'=HYPERLINK(\"http//evil\")");
        assert_eq!(to_row(&finding, "RESOURCE_NAME"), "-5");
    }
}
