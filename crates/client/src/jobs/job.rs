//! What is shown of a job.

use serde::Deserialize;
use serde_json::Value;

use crate::text::{second, shown};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Job {
    pub(super) id: String,
    pub(super) kind: String,
    pub(crate) status: String,
    pub(super) version: u64,
    blocked: bool,
    unique_key: Option<String>,
    attempts: u64,
    attempts_max: u64,
    progress: Value,
    result: Value,
    result_expires_at: Option<String>,
    failure: Option<Failure>,
    cancel_requested_at: Option<String>,
    pub(super) created_at: String,
    created_by: String,
    run_at: String,
    started_at: Option<String>,
    pub(super) ended_at: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    reason: String,
    at: String,
}

impl Job {
    /// JSON; null where there is none.
    pub(crate) fn result(&self) -> &Value {
        &self.result
    }

    pub(super) fn attempts(&self) -> String {
        format!("{}/{}", self.attempts, self.attempts_max)
    }

    /// The one thing that is worth a place in a line: how far it is, or why it did not go well.
    pub(crate) fn news(&self) -> String {
        match (&self.failure, self.status.as_str()) {
            (_, "pending") if self.blocked => "waits for another one of its key".to_owned(),
            (_, "in_progress") if self.cancel_requested_at.is_some() => "told to stop".to_owned(),
            (_, "in_progress") if !self.progress.is_null() => progress(&self.progress),
            (Some(failure), "pending" | "in_progress" | "failed") => shown(&failure.reason),
            _ => String::new(),
        }
    }

    /// All of it, for a person.
    pub(super) fn told(&self) -> String {
        let mut lines = vec![
            format!("id        {}", shown(&self.id)),
            format!("kind      {}", shown(&self.kind)),
            format!("status    {}, attempts {}", shown(&self.status), self.attempts()),
            format!("asked by  {}, {}", shown(&self.created_by), second(&self.created_at)),
        ];
        let mut also = |name: &str, text: Option<String>| {
            lines.extend(text.map(|text| format!("{name:<8}  {text}")));
        };
        also("key", self.unique_key.as_deref().map(shown));
        also("waits", self.blocked.then(|| "for another one of its key".to_owned()));
        also("runs at", self.started_at.is_none().then(|| second(&self.run_at)));
        also("started", self.started_at.as_deref().map(second));
        also("stops", self.cancel_requested_at.as_deref().map(second));
        also("ended", self.ended_at.as_deref().map(second));
        also("progress", (!self.progress.is_null()).then(|| progress(&self.progress)));
        also("failed", self.failure.as_ref().map(|f| format!("{}: {}", second(&f.at), shown(&f.reason))));
        also("result", (!self.result.is_null()).then(|| shown(&self.result.to_string())));
        let until = self.result_expires_at.as_deref().filter(|_| !self.result.is_null());
        also("until", until.map(second));
        lines.join("\n")
    }
}

/// `done` of `total` where a kind says it so; else as it stands.
pub(super) fn progress(progress: &Value) -> String {
    match (progress["done"].as_u64(), progress["total"].as_u64(), progress["phase"].as_str()) {
        (Some(done), Some(total), Some(phase)) => format!("{}: {done} of {total}", shown(phase)),
        (Some(done), Some(total), None) => format!("{done} of {total}"),
        _ => shown(&progress.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_is_told_as_far_as_it_has_come() {
        let job = json!({"id": "j1", "kind": "export.logs", "status": "in_progress", "attempts": 2, "attempts_max": 5,
            "progress": {"done": 12, "total": 50}, "result": null, "unique_key": null, "blocked": false,
            "failure": {"reason": "the \u{1b}disk", "at": "2026-01-31T08:30:12.5Z"}, "created_by": "user:u1",
            "created_at": "2026-01-31T08:30:00.123Z", "run_at": "2026-01-31T08:30:00.123Z",
            "started_at": "2026-01-31T08:30:01Z", "version": 4});
        let job: Job = serde_json::from_value(job).unwrap();
        assert_eq!(job.news(), "12 of 50");
        assert_eq!(
            job.told(),
            "id        j1\nkind      export.logs\nstatus    in_progress, attempts 2/5\n\
             asked by  user:u1, 2026-01-31T08:30:00Z\nstarted   2026-01-31T08:30:01Z\nprogress  12 of 50\n\
             failed    2026-01-31T08:30:12Z: the \\u{1b}disk"
        );
    }
}
