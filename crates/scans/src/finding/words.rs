//! The words that engines have for what we have words of our own for.

use custody_domain::{FindingSeverity, FindingStatus};

/// Prowler's, OCSF's, ASFF's and their like, in any case of letters.
pub(crate) fn status(word: &str) -> Option<FindingStatus> {
    Some(match word.to_ascii_lowercase().as_str() {
        "pass" | "passed" | "success" | "compliant" | "ok" => FindingStatus::Pass,
        "fail" | "failed" | "failure" | "non_compliant" | "noncompliant" | "non-compliant" => {
            FindingStatus::Fail
        }
        "manual" | "warning" | "not_available" | "info" | "unknown" => FindingStatus::Manual,
        _ => return None,
    })
}

pub(crate) fn severity(word: &str) -> Option<FindingSeverity> {
    Some(match word.to_ascii_lowercase().as_str() {
        "informational" | "info" | "none" => FindingSeverity::Informational,
        "low" => FindingSeverity::Low,
        "medium" | "moderate" => FindingSeverity::Medium,
        "high" => FindingSeverity::High,
        "critical" | "fatal" => FindingSeverity::Critical,
        _ => return None,
    })
}

/// OCSF's `severity_id`: 6 is fatal; 0 is unknown, 99 another.
pub(crate) fn severity_id(id: &str) -> Option<FindingSeverity> {
    Some(match id {
        "1" => FindingSeverity::Informational,
        "2" => FindingSeverity::Low,
        "3" => FindingSeverity::Medium,
        "4" => FindingSeverity::High,
        "5" | "6" => FindingSeverity::Critical,
        _ => return None,
    })
}
