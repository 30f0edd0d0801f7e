//! What was found, as it is told.

use std::process::ExitCode;

use serde::Serialize;

use super::finding::{Finding, Findings};
use crate::{
    output,
    text::{count, shown, shown_lines},
};

/// The exit code is a contract: 0, 1, 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Proven,
    Tampered,
    /// Nothing was found wrong, and not everything could be looked at.
    Incomplete,
}

/// What a verification came to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    /// What is proven, by name and value, for who reads it.
    #[serde(flatten)]
    pub(crate) facts: serde_json::Map<String, serde_json::Value>,
    pub(crate) findings: Vec<Finding>,
    /// All of them; the first ones are in `findings`.
    pub(crate) finding_count: u64,
    /// What a reader has to know beside it.
    pub(crate) notes: Vec<String>,
    #[serde(skip)]
    pub(crate) summary: String,
}

impl Report {
    /// Findings condemn; notes that something was left out make it incomplete.
    pub(crate) fn new(summary: String, findings: Findings, is_complete: bool) -> Self {
        let verdict = match (findings.is_empty(), is_complete) {
            (false, _) => Verdict::Tampered,
            (true, false) => Verdict::Incomplete,
            (true, true) => Verdict::Proven,
        };
        let finding_count = findings.count();
        let findings = findings.into_kept();
        Self { verdict, facts: serde_json::Map::new(), findings, finding_count, notes: Vec::new(), summary }
    }

    /// It could not be brought to an end.
    pub(crate) fn unfinished(error: &anyhow::Error) -> Self {
        // Causes whose words are in the sentence already are not said twice.
        let mut said = error.to_string();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            if !said.ends_with(&cause) {
                said = format!("{said}: {cause}");
            }
        }
        let mut report = Self::new(String::new(), Findings::default(), false);
        report.notes.push(said);
        report
    }

    pub(crate) fn fact(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The verdict on standard output, the reasons why there is none on standard error.
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<ExitCode> {
        if json {
            output::line(&serde_json::to_string(self)?)?;
        } else {
            self.print_text()?;
        }
        Ok(match self.verdict {
            Verdict::Proven => ExitCode::SUCCESS,
            Verdict::Tampered => ExitCode::from(1),
            Verdict::Incomplete => ExitCode::from(2),
        })
    }

    fn print_text(&self) -> anyhow::Result<()> {
        match self.verdict {
            Verdict::Proven => output::line(&format!("Proven: {}", shown_lines(&self.summary)))?,
            Verdict::Tampered => {
                let findings = count(self.finding_count, "finding", "findings");
                output::line(&format!("TAMPERED: {findings}"))?;
            }
            Verdict::Incomplete => eprintln!("custody: this could not be verified"),
        }
        for finding in &self.findings {
            output::line(&format!("  {finding}"))?;
        }
        let more = self.finding_count - self.findings.len() as u64;
        if more > 0 {
            output::line(&format!("  and {more} more"))?;
        }
        if self.verdict != Verdict::Incomplete {
            for (name, value) in &self.facts {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                output::line(&format!("  {:<16}{}", name.replace('_', " "), shown(&value)))?;
            }
        }
        for note in &self.notes {
            eprintln!("custody: {}", shown_lines(note));
        }
        Ok(())
    }
}
