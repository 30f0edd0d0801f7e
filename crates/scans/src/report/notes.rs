//! What a reader has to know before believing a report.

use custody_domain::ScanStatus;
use custody_store::scans::{Scan, Source};

use super::model::{LookedAt, Summary};

pub(super) fn notes(scan: &Scan, looked_at: &LookedAt, summary: &Summary) -> Vec<String> {
    let mut notes = Vec::new();
    match scan.status {
        ScanStatus::Pending => notes.push("The scan has not begun.".to_owned()),
        ScanStatus::InProgress => {
            notes.push("The scan has not ended: this is what it has found so far.".to_owned());
        }
        ScanStatus::Failed => notes.push(format!(
            "The scan failed, and what it had found by then is all that is here. The reason: {}",
            scan.failure.as_deref().unwrap_or("none was given")
        )),
        ScanStatus::Cancelled => {
            notes.push("The scan was cancelled: what it had found by then is all that is here.".to_owned());
        }
        ScanStatus::Completed => {}
    }
    match scan.source {
        Source::Engine => of_checks(scan, looked_at, &mut notes),
        Source::Import => notes.push(
            "The findings were brought from a run elsewhere. Which checks of it were run, and which of those came \
             to no verdict, is not known here: what is not in this report may not have been looked at."
                .to_owned(),
        ),
        Source::Manual => notes.push("The findings were written by people.".to_owned()),
    }
    if summary.incomplete > 0 {
        notes.push(format!(
            "{} rest on incomplete evidence: calls to the provider failed beneath them, so that a PASS may be one \
             only for what was not seen.",
            many(summary.incomplete, "finding")
        ));
    }
    notes
}

fn of_checks(scan: &Scan, looked_at: &LookedAt, notes: &mut Vec<String>) {
    if looked_at.errored > 0 {
        notes.push(format!(
            "{} of {} came to no verdict: of what they look at this report says nothing.",
            looked_at.errored,
            many(u64::from(looked_at.asked), "check")
        ));
    }
    if looked_at.not_run > 0 {
        notes.push(format!(
            "{} of {} were not run.",
            looked_at.not_run,
            many(u64::from(looked_at.asked), "check")
        ));
    }
    let whole = looked_at.errored == 0 && looked_at.not_run == 0 && looked_at.incomplete.is_empty();
    if scan.status == ScanStatus::Completed && !scan.partial && looked_at.checks_known && whole {
        notes.push(format!(
            "All {} that were asked for came to their end, and no call to the provider failed beneath them.",
            many(u64::from(looked_at.asked), "check")
        ));
    }
}

/// `1 check`, `2 checks`
pub(super) fn many(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
