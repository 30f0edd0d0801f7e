//! A record's severity: who, what, and whether it succeeded; the first that applies.
//!
//! 1. The account's root user acted, itself: CRITICAL (the CIS benchmark's filter: type `Root`, no
//!    `invokedBy`, no service event).
//! 2. A call of the table: its severity, or ERROR where it failed.
//! 3. A sign-in that failed, or a call that was not allowed: WARNING.
//! 4. INFO.

use custody_domain::{Severity, json::Value};

use super::{Record, glob, severity_table::RULES, text};

/// Error codes that say: not allowed.
const DENIED: [&str; 5] =
    ["*AccessDenied*", "*Unauthorized*", "*NotAuthorized*", "*AuthFailure*", "*Forbidden*"];

pub(super) fn severity(record: &Record<'_, '_>) -> Severity {
    let failed = record.error_code();
    if by_root(record) {
        return Severity::Critical;
    }
    let rule = RULES
        .iter()
        .find(|rule| glob::matches(rule.service, record.service) && glob::matches(rule.events, record.name));
    match (rule, failed) {
        (Some(_), Some(_)) => Severity::Error,
        (Some(rule), None) => rule.severity,
        (None, Some(code)) if DENIED.iter().any(|pattern| glob::matches(pattern, code)) => Severity::Warning,
        (None, _) if sign_in_failed(record) => Severity::Warning,
        (None, _) => Severity::Info,
    }
}

fn by_root(record: &Record<'_, '_>) -> bool {
    record.identity().is_some_and(|identity| {
        text(identity, "type") == Some("Root") && text(identity, "invokedBy").is_none()
    }) && record.text("eventType") != Some("AwsServiceEvent")
}

/// A failed sign-in has no error code; the answer says it.
fn sign_in_failed(record: &Record<'_, '_>) -> bool {
    let answer = record.event.get("responseElements").and_then(Value::as_object);
    answer.and_then(|answer| text(answer, record.name)) == Some("Failure")
}
