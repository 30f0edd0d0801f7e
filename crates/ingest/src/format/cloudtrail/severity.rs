//! A record's severity: who, what, and whether it succeeded; the first that applies.
//!
//! 1. The account's root user acted, itself: CRITICAL (the CIS benchmark's filter: type `Root`, no
//!    `invokedBy`, no service event).
//! 2. A call of the table: its severity, or ERROR where it failed.
//! 3. A sign-in that was refused, or a call that was not allowed: WARNING.
//! 4. INFO.

use custody_domain::Severity;

use super::{Record, glob, severity_table::RULES, text};

/// Error codes that say: not allowed.
const DENIED: [&str; 5] =
    ["*AccessDenied*", "*Unauthorized*", "*NotAuthorized*", "*AuthFailure*", "*Forbidden*"];

pub(super) fn severity(record: &Record<'_, '_>) -> Severity {
    if by_root(record) {
        return Severity::Critical;
    }
    let rule = RULES
        .iter()
        .find(|rule| glob::matches(rule.service, record.service) && glob::matches(rule.events, record.name));
    match rule {
        Some(_) if record.failed() => Severity::Error,
        Some(rule) => rule.severity,
        None if record.is_refused_sign_in() || denied(record) => Severity::Warning,
        None => Severity::Info,
    }
}

fn denied(record: &Record<'_, '_>) -> bool {
    record.error_code().is_some_and(|code| DENIED.iter().any(|pattern| glob::matches(pattern, code)))
}

fn by_root(record: &Record<'_, '_>) -> bool {
    record.identity().is_some_and(|identity| {
        text(identity, "type") == Some("Root") && text(identity, "invokedBy").is_none()
    }) && record.text("eventType") != Some("AwsServiceEvent")
}
