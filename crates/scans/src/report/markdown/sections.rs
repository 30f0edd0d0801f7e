//! The sections of a report.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::{
    super::model::{Failing, Listed, LookedAt, Report, Summary, Trend},
    write::{code, rich, table, text},
};
use crate::BySeverity;

/// The whole of it.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("# {}\n\n", text(&report.title));
    about(report, &mut out);
    for note in &report.notes {
        let _ = writeln!(out, "- {}", text(note));
    }
    out.push_str("\n## Summary\n\n");
    summary(&report.summary, &mut out);
    out.push_str("## What was looked at, and what was not\n\n");
    looked_at(report, &mut out);
    out.push_str("## Critical and high severity\n\n");
    if report.grave.is_empty() {
        out.push_str("Nothing of critical or high severity failed that is not muted.\n\n");
    }
    for failing in &report.grave {
        grave(failing, report.trend.changes.is_some(), &mut out);
    }
    if !report.others.is_empty() {
        out.push_str("## Other failures\n\n");
        let rows = report.others.iter().map(|check| {
            let failed = check.failed.to_string();
            [check.severity.to_string(), text(&check.service), failed, code(&check.check), text(&check.title)]
        });
        table(["Severity", "Service", "Failed", "Check", "Title"], rows, &mut out);
    }
    out.push_str("## Trend\n\n");
    trend(&report.trend, &mut out);
    said(report, &mut out);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn about(report: &Report, out: &mut String) {
    let scan = &report.scan;
    let mut rows = vec![
        ["Scan".to_owned(), format!("{} ({})", text(&scan.name), code(&scan.id.to_string()))],
        ["Account".to_owned(), account(&scan.provider, scan.account.as_deref())],
        ["Status".to_owned(), status(scan.status, scan.partial)],
        ["By".to_owned(), text(&scan.created_by)],
        ["Begun".to_owned(), at(scan.started_at.unwrap_or(scan.created_at))],
    ];
    if let Some(engine) = &scan.engine {
        rows.insert(2, ["Engine".to_owned(), text(engine)]);
    }
    if let Some(ended) = scan.ended_at {
        rows.push(["Ended".to_owned(), at(ended)]);
    }
    for narrowed in &scan.scope {
        rows.push([format!("Only {}", text(&narrowed.kind)), codes(&narrowed.to)]);
    }
    rows.push(["Report made".to_owned(), at(report.made_at)]);
    table(["", ""], rows, out);
}

fn account(provider: &str, account: Option<&str>) -> String {
    account.map_or_else(|| text(provider), |account| format!("{} {}", text(provider), text(account)))
}

fn status(status: &str, partial: bool) -> String {
    format!("{}{}", status.replace('_', " "), if partial { ", partial" } else { "" })
}

fn at(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn codes(names: &[String]) -> String {
    names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ")
}

fn severities(failures: &BySeverity) -> [String; 5] {
    failures.told().map(|(_, n)| n.to_string())
}

fn summary(summary: &Summary, out: &mut String) {
    let numbers =
        [summary.findings, summary.failed, summary.passed, summary.manual, summary.muted, summary.incomplete];
    table(
        ["Findings", "Failed", "Passed", "For a person", "Failed, muted", "Incomplete evidence"],
        [numbers.map(|n| n.to_string())],
        out,
    );
    out.push_str("Failures that are not muted:\n\n");
    let line = |name: String, failures: &BySeverity, muted: u64, passed: u64| {
        let [critical, high, medium, low, informational] = severities(failures);
        [name, critical, high, medium, low, informational, muted.to_string(), passed.to_string()]
    };
    let mut rows: Vec<_> = summary
        .services
        .iter()
        .map(|service| line(text(&service.service), &service.failures, service.muted, service.passed))
        .collect();
    rows.push(line("**all**".to_owned(), &summary.failures, summary.muted, summary.passed));
    table(["Service", "Critical", "High", "Medium", "Low", "Informational", "Muted", "Passed"], rows, out);
}

fn looked_at(report: &Report, out: &mut String) {
    let told = &report.looked_at;
    if told.checks_known {
        let rows = told.services.iter().map(|service| {
            let numbers = [service.completed, service.errored, service.not_run].map(|n| n.to_string());
            let [completed, errored, not_run] = numbers;
            [text(&service.service), completed, errored, not_run]
        });
        let all = [told.completed, told.errored, told.not_run].map(|n| n.to_string());
        let [completed, errored, not_run] = all;
        let rows = rows.chain([["**all**".to_owned(), completed, errored, not_run]]);
        table(["Service", "Checks completed", "Came to no verdict", "Not run"], rows, out);
    }
    if !told.regions.is_empty() {
        let regions = told.regions.iter().map(|region| [code(&region.region), region.findings.to_string()]);
        table(["Region", "Findings"], regions, out);
    }
    not_looked_at(told, out);
}

fn not_looked_at(told: &LookedAt, out: &mut String) {
    if !told.errors.is_empty() {
        out.push_str("### Came to no verdict\n\n");
        let rows = told.errors.iter().map(|errored| [text(&errored.reason), codes(&errored.checks)]);
        table(["Reason", "Checks"], rows, out);
    }
    if !told.missing.is_empty() {
        out.push_str("### Not run\n\n");
        let rows = told.missing.iter().map(|missing| [text(&missing.service), codes(&missing.checks)]);
        table(["Service", "Checks"], rows, out);
    }
    if !told.incomplete.is_empty() {
        out.push_str("### Looked at incompletely\n\n");
        out.push_str("Calls to the provider failed beneath these checks. Their verdicts may be of less than there is.\n\n");
        let rows = told.incomplete.iter().map(|check| {
            let calls = check.calls.iter().map(|call| {
                let region = call.region.as_deref().map(|region| format!(" in {}", text(region)));
                let message = if call.message.is_empty() {
                    String::new()
                } else {
                    format!(": {}", text(&call.message))
                };
                format!("{}{} {}{message}", code(&call.call), region.unwrap_or_default(), text(&call.code))
            });
            [
                codes(&check.checks),
                format!("{} failed, {} passed", check.failed, check.passed),
                calls.collect::<Vec<_>>().join("; "),
            ]
        });
        table(["Checks", "Verdicts", "Calls that failed"], rows, out);
    }
}

/// What happened `since` the scan before is told where there is one.
fn grave(failing: &Failing, since: bool, out: &mut String) {
    let check = &failing.check;
    let _ = write!(out, "### {}\n\n", text(&check.title));
    let _ = write!(
        out,
        "**{}**, {}, {}: {} failed",
        check.severity,
        text(&check.service),
        code(&check.check),
        check.failed
    );
    let also = [(check.muted, "muted"), (check.incomplete, "on incomplete evidence")];
    for (n, what) in also.into_iter().filter(|(n, _)| *n > 0) {
        let _ = write!(out, ", {n} {what}");
    }
    out.push_str(".\n\n");
    for (name, said) in [("What it means", &failing.description), ("Why it matters", &failing.risk)] {
        if !said.is_empty() {
            let _ = write!(out, "#### {name}\n\n");
            rich(said, "", out);
        }
    }
    out.push_str("#### What fails\n\n");
    let rows = failing.resources.items.iter().map(|resource| {
        let name = if resource.uid.is_empty() { &resource.name } else { &resource.uid };
        let mut detail = text(&resource.detail);
        if resource.incomplete {
            detail.push_str(" (incomplete evidence)");
        }
        ([code(name), code(&resource.region), detail], resource.delta.replace('_', " "))
    });
    if since {
        let rows = rows.map(|([name, region, detail], delta)| [name, region, detail, delta]);
        table(["Resource", "Region", "What the check says", "Since the scan before"], rows, out);
    } else {
        table(["Resource", "Region", "What the check says"], rows.map(|(cells, _)| cells), out);
    }
    more(&failing.resources, out);
    remedy(failing, out);
}

fn more<T>(listed: &Listed<T>, out: &mut String) {
    if listed.more > 0 {
        let _ = write!(out, "And {} more.\n\n", listed.more);
    }
}

fn remedy(failing: &Failing, out: &mut String) {
    let remedy = &failing.remediation;
    if remedy.text.is_empty() && remedy.codes.is_empty() && remedy.url.is_none() {
        return;
    }
    out.push_str("#### What to do\n\n");
    rich(&remedy.text, "", out);
    for way in &remedy.codes {
        let _ = write!(out, "**{}**\n\n", way.means);
        rich(&way.text, "", out);
    }
    if let Some(from) = &remedy.from {
        let _ = write!(out, "The steps are from the catalogue of {}.\n\n", text(from));
    }
    if let Some(url) = &remedy.url {
        let _ = write!(out, "More: {}\n\n", code(url));
    }
}

fn trend(trend: &Trend, out: &mut String) {
    if let Some(changes) = &trend.changes {
        let _ = write!(out, "Against the scan of {}:\n\n", at(changes.against_at));
        let numbers = [
            changes.new,
            changes.regressed,
            changes.still_failing,
            changes.resolved,
            changes.gone,
            changes.not_looked_at,
        ];
        table(
            ["New", "Regressed", "Still failing", "Resolved", "Gone", "Failed then, not looked at now"],
            [numbers.map(|n| n.to_string())],
            out,
        );
    } else {
        out.push_str("There is no scan of the same account and scope before it to compare with.\n\n");
    }
    if trend.scans.len() > 1 {
        out.push_str("Failures, muted ones too, of the scans of the same account and scope:\n\n");
        let rows = trend.scans.iter().map(|scan| {
            let [critical, high, medium, low, informational] = severities(&scan.failures);
            [at(scan.at), status(scan.status, scan.partial), critical, high, medium, low, informational]
        });
        table(["Ended", "Status", "Critical", "High", "Medium", "Low", "Informational"], rows, out);
    }
}

fn said(report: &Report, out: &mut String) {
    if !report.muted.is_empty() {
        out.push_str("## Muted\n\n");
        let rows = report.muted.items.iter().map(|muted| {
            let until = muted.until.map_or_else(|| "until somebody says otherwise".to_owned(), at);
            let words =
                [&muted.reason, &muted.by].map(|words| words.as_deref().map(text).unwrap_or_default());
            let [reason, by] = words;
            [muted.severity.to_string(), code(&muted.check), code(&muted.resource), reason, until, by]
        });
        table(["Severity", "Check", "Resource", "Reason", "Until", "By"], rows, out);
        more(&report.muted, out);
    }
    if !report.triage.is_empty() {
        out.push_str("## Triage\n\n");
        let rows = report.triage.items.iter().map(|triaged| {
            let [owner, note] =
                [&triaged.owner, &triaged.note].map(|words| words.as_deref().map(text).unwrap_or_default());
            let state = triaged.state.replace('_', " ");
            [triaged.severity.to_string(), code(&triaged.check), code(&triaged.resource), state, owner, note]
        });
        table(["Severity", "Check", "Resource", "State", "Owner", "Note"], rows, out);
        more(&report.triage, out);
    }
}
