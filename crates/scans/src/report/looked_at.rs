//! What a scan looked at, by its checks.

use std::collections::BTreeMap;

use custody_domain::CheckStatus;
use custody_store::scans::checks::ScanCheck;

use super::model::{Call, Errored, Incomplete, LookedAt, Missing, Region, ServiceChecks};
use crate::driver::FailedCall;

/// Of a provider's message so many signs are told.
const MESSAGE_MAX: usize = 200;

pub(super) fn looked_at(checks: &[ScanCheck], regions: Vec<Region>) -> LookedAt {
    let mut told = LookedAt { checks_known: !checks.is_empty(), regions, ..LookedAt::default() };
    let mut services: BTreeMap<&str, ServiceChecks> = BTreeMap::new();
    let mut errors: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut incomplete: BTreeMap<Vec<Place>, Incomplete> = BTreeMap::new();
    for check in checks {
        let service = services.entry(&check.service).or_default();
        told.asked += 1;
        match check.status {
            CheckStatus::Completed => {
                told.completed += 1;
                service.completed += 1;
            }
            CheckStatus::Errored => {
                told.errored += 1;
                service.errored += 1;
                let reason = check.error.as_deref().unwrap_or("it gave no reason");
                errors.entry(reason).or_default().push(check.check_id.clone());
            }
            CheckStatus::Pending | CheckStatus::InProgress | CheckStatus::Cancelled => {
                told.not_run += 1;
                service.not_run += 1;
                missing.entry(&check.service).or_default().push(check.check_id.clone());
            }
        }
        // Of one that came to no verdict its reason says it.
        if check.calls_failed > 0 && check.status == CheckStatus::Completed {
            let calls = calls(check);
            let same = incomplete.entry(calls.iter().map(Call::place).collect()).or_default();
            same.add(check, calls);
        }
    }
    told.services = services
        .into_iter()
        .map(|(service, checks)| ServiceChecks { service: service.to_owned(), ..checks })
        .collect();
    told.errors =
        errors.into_iter().map(|(reason, checks)| Errored { reason: reason.to_owned(), checks }).collect();
    told.errors.sort_by_key(|errored| std::cmp::Reverse(errored.checks.len()));
    told.incomplete = incomplete.into_values().collect();
    told.incomplete.sort_by_key(|incomplete| std::cmp::Reverse(incomplete.checks.len()));
    told.missing = missing
        .into_iter()
        .map(|(service, checks)| Missing { service: service.to_owned(), checks })
        .collect();
    told
}

/// What cannot be read is not told.
fn calls(check: &ScanCheck) -> Vec<Call> {
    let calls: Vec<FailedCall> =
        check.calls.as_deref().and_then(|calls| serde_json::from_str(calls).ok()).unwrap_or_default();
    let mut calls: Vec<Call> = calls.into_iter().map(Call::of).collect();
    calls.sort();
    calls.dedup_by(|a, b| a.place() == b.place());
    calls
}

/// What is called, where, and what it came to: messages differ by times and ids.
type Place = (String, Option<String>, String);

impl Incomplete {
    fn add(&mut self, check: &ScanCheck, calls: Vec<Call>) {
        self.checks.push(check.check_id.clone());
        self.passed += u64::from(check.passed);
        self.failed += u64::from(check.failed);
        self.manual += u64::from(check.manual);
        if self.calls.is_empty() {
            self.calls = calls;
        }
    }
}

impl Call {
    fn of(call: FailedCall) -> Self {
        let mut message: String = call.message.chars().take(MESSAGE_MAX).collect();
        if message.len() < call.message.len() {
            message.push('…');
        }
        Self {
            call: format!("{}:{}", call.service, call.operation),
            region: call.region,
            code: call.code,
            message,
        }
    }

    fn place(&self) -> Place {
        (self.call.clone(), self.region.clone(), self.code.clone())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use custody_domain::FindingSeverity;
    use serde_json::json;

    use super::*;

    fn check(name: &str, status: CheckStatus, error: Option<&str>, calls: &[(&str, &str)]) -> ScanCheck {
        let told: Vec<_> = calls.iter().map(|(operation, message)| {
            json!({"service": "iam", "operation": operation, "region": null, "code": "AccessDenied", "status": 403,
                "message": message, "n": 2})
        }).collect();
        ScanCheck {
            check_id: name.to_owned(),
            service: "iam".to_owned(),
            severity: FindingSeverity::High,
            status,
            started_at: None,
            duration_ms: None,
            passed: 1,
            failed: 2,
            manual: 0,
            error: error.map(str::to_owned),
            calls: (!calls.is_empty()).then(|| serde_json::Value::from(told).to_string()),
            calls_failed: u32::try_from(calls.len() * 2).unwrap(),
        }
    }

    #[test]
    fn what_was_not_looked_at_is_told_by_its_reasons() {
        let told = looked_at(
            &[
                check("a", CheckStatus::Completed, None, &[]),
                check("b", CheckStatus::Errored, Some("access denied"), &[("ListUsers", "no")]),
                check("c", CheckStatus::Errored, Some("access denied"), &[]),
                check("d", CheckStatus::Cancelled, None, &[]),
                check("e", CheckStatus::Completed, None, &[("ListRoles", "request 1"), ("ListUsers", "no")]),
                check("f", CheckStatus::Completed, None, &[("ListUsers", "no"), ("ListRoles", "request 2")]),
                check("g", CheckStatus::Completed, None, &[("GetRole", &"x".repeat(1_000))]),
            ],
            Vec::new(),
        );
        assert_eq!((told.asked, told.completed, told.errored, told.not_run), (7, 4, 2, 1));
        let errors =
            [Errored { reason: "access denied".to_owned(), checks: vec!["b".to_owned(), "c".to_owned()] }];
        assert_eq!(told.errors, errors);
        assert_eq!(told.missing, [Missing { service: "iam".to_owned(), checks: vec!["d".to_owned()] }]);
        let groups: Vec<_> =
            told.incomplete.iter().map(|group| (group.checks.join(" "), group.failed)).collect();
        assert_eq!(groups, [("e f".to_owned(), 4), ("g".to_owned(), 2)]);
        assert_eq!(told.incomplete[1].calls[0].message.chars().count(), MESSAGE_MAX + 1);
    }
}
