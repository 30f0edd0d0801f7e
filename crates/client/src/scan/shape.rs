//! What is shown of a scan.

use serde::Deserialize;

use crate::text::{second, shown};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scan {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) source: String,
    pub(super) provider: String,
    pub(super) account: Option<String>,
    pub(super) status: String,
    pub(super) partial: bool,
    pub(super) failure: Option<String>,
    pub(super) progress: Progress,
    pub(super) engine: Option<String>,
    pub(super) version: u64,
    pub(super) created_at: String,
    pub(super) created_by: String,
    pub(super) started_at: Option<String>,
    pub(super) ended_at: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    pub(super) phase: String,
    pub(super) services_done: u64,
    pub(super) services_total: u64,
    pub(super) checks_done: u64,
    pub(super) checks_total: u64,
    pub(super) checks_errored: u64,
    pub(super) findings: BySeverity,
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) manual: u64,
    pub(super) incomplete: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BySeverity {
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
    informational: u64,
}

impl BySeverity {
    /// Those that are there, the worst first.
    pub(super) fn told(&self) -> String {
        let all = [
            (self.critical, "critical"),
            (self.high, "high"),
            (self.medium, "medium"),
            (self.low, "low"),
            (self.informational, "informational"),
        ];
        let told: Vec<_> =
            all.iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}")).collect();
        if told.is_empty() { "none".to_owned() } else { told.join(", ") }
    }
}

impl Scan {
    pub(super) fn has_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    /// In a column: the status, and a mark where not all was looked at.
    pub(super) fn status(&self) -> String {
        let mark = if self.partial && self.status == "completed" { " (partial)" } else { "" };
        format!("{}{mark}", shown(&self.status))
    }

    pub(super) fn checks(&self) -> String {
        format!("{}/{}", self.progress.checks_done, self.progress.checks_total)
    }

    /// All of it, for a person.
    pub(super) fn told(&self) -> String {
        let progress = &self.progress;
        let account = self.account.as_deref().map_or_else(|| "not known yet".to_owned(), shown);
        let mut lines = vec![
            format!("id        {}", shown(&self.id)),
            format!("name      {}", shown(&self.name)),
            format!("account   {} {account}", shown(&self.provider)),
            format!("status    {}", self.status()),
            format!("asked by  {}, {}", shown(&self.created_by), second(&self.created_at)),
        ];
        let mut also = |name: &str, text: Option<String>| {
            lines.extend(text.map(|text| format!("{name:<8}  {text}")));
        };
        also("source", (self.source != "engine").then(|| shown(&self.source)));
        also("engine", self.engine.as_deref().map(shown));
        also("started", self.started_at.as_deref().map(second));
        also("ended", self.ended_at.as_deref().map(second));
        also("failed", self.failure.as_deref().map(shown));
        also(
            "checks",
            (progress.checks_total > 0).then(|| {
                let errored = progress.checks_errored;
                let errored =
                    if errored > 0 { format!(", {errored} came to no verdict") } else { String::new() };
                format!("{} of {}{errored}", progress.checks_done, progress.checks_total)
            }),
        );
        also("verdicts", Some(self.verdicts()));
        also("failures", Some(progress.findings.told()));
        lines.join("\n")
    }

    pub(super) fn verdicts(&self) -> String {
        let Progress { passed, failed, manual, incomplete, .. } = &self.progress;
        let rests = if *incomplete > 0 {
            format!("; {incomplete} of them on incomplete evidence")
        } else {
            String::new()
        };
        format!("{failed} failed, {passed} passed, {manual} for a person{rests}")
    }
}
