//! A bundle, offline.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use anyhow::Context as _;
use custody_domain::time::rfc3339_millis;
use custody_proof::{
    VerifierKey, bundle,
    bundle::{Checked, Claim},
};

use serde_json::json;

use super::{
    Progress,
    finding::{Finding, Findings},
    report::Report,
};
use crate::text::count;

const BUFFER_BYTES: usize = 1 << 20;

pub(super) fn check(path: &Path, pinned: &[VerifierKey]) -> anyhow::Result<Report> {
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?)
    };
    let progress = Progress::start(0, "Verifying");
    let checked = bundle::check(BufReader::with_capacity(BUFFER_BYTES, input), pinned, |at, of| {
        progress.set(at, of);
    });
    match checked {
        Ok(checked) => Ok(proven(&checked)),
        Err(error) if error.is_tampering() => {
            let mut findings = Findings::default();
            findings.add(Finding::of_log(error.to_string()));
            Ok(Report::new(String::new(), findings, true))
        }
        Err(error) => Err(anyhow::Error::new(error).context(format!("cannot verify {}", path.display()))),
    }
}

fn proven(checked: &Checked) -> Report {
    let (summary, facts) = match &checked.claim {
        Claim::Complete { from, to, is_open, first, end } => {
            let entries = count(end - first, "entry", "entries");
            let from = from.map_or_else(|| "the log's beginning".to_owned(), rfc3339_millis);
            let to = match (to, is_open) {
                (Some(to), false) => format!("before {}", rfc3339_millis(*to)),
                (Some(to), true) => format!("before {}, up to the checkpoint", rfc3339_millis(*to)),
                (None, _) => "up to the checkpoint".to_owned(),
            };
            let summary = format!("these {entries} are all that the log received from {from} on, {to}");
            (summary, vec![("first", json!(first)), ("end", json!(end))])
        }
        Claim::Included { query, entries } => {
            let counted = count(*entries, "entry is", "entries are");
            let summary = format!("these {counted} in the log; completeness is not provable");
            (summary, vec![("query", json!(query)), ("entries", json!(entries))])
        }
    };
    let mut report = Report::new(summary, Findings::default(), true);
    report.fact("log", checked.checkpoint.origin.clone());
    report.fact("tenant_id", checked.tenant.to_string());
    for (name, value) in facts {
        report.fact(name, value);
    }
    report.fact("tree_size", checked.checkpoint.size);
    report.fact("root", hex::encode(checked.checkpoint.root));
    report.fact("keys", checked.keys.join(" "));
    report.fact("pinned", checked.is_pinned);
    if !checked.is_pinned {
        report.note(
            "the key came with the bundle, as it would with a forged one: compare it with the one that you \
             have from elsewhere, or pass that with --key",
        );
    }
    report
}
