//! Pythons: those of this machine, and what is in one.

use std::{path::PathBuf, process::Stdio, time::Duration};

use tokio::process::Command;

use super::Probed;

/// What Prowler runs on (its `requires-python`).
const MINORS: std::ops::RangeInclusive<u32> = 10..=12;
/// The newest that there are wheels of everything for comes first.
const NAMES: [&str; 4] = ["python3.11", "python3.12", "python3.10", "python3"];
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

const ASK_VERSION: &str = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
const ASK_ENGINE: &str = "import sys, importlib.metadata as m; print('%d.%d.%d' % sys.version_info[:3]); print(m.version('prowler'))";
/// Debian and its kin leave these out of python3.
const ASK_PARTS: &str = "import venv, ensurepip";

pub(super) async fn probe(python: PathBuf) -> Result<Probed, String> {
    let said = ask(&python, ASK_ENGINE).await.map_err(|error| {
        let shown = python.display();
        if error.contains("PackageNotFoundError") {
            format!("{shown} has no Prowler")
        } else {
            format!("{shown} cannot be used: {error}")
        }
    })?;
    let mut lines = said.lines();
    match (lines.next(), lines.next()) {
        (Some(version), Some(engine)) => {
            Ok(Probed { python, python_version: version.to_owned(), engine_version: engine.to_owned() })
        }
        _ => Err(format!("{} does not say which Prowler it has", python.display())),
    }
}

/// A python of this machine that an environment can be made with; else what is missing.
pub(super) async fn find() -> Result<PathBuf, String> {
    let mut reason = "there is no python3 on the path".to_owned();
    for name in NAMES {
        let python = PathBuf::from(name);
        let Ok(version) = ask(&python, ASK_VERSION).await else { continue };
        let version = version.trim();
        let minor = version.strip_prefix("3.").and_then(|rest| rest.split('.').next()?.parse().ok());
        if !minor.is_some_and(|minor| MINORS.contains(&minor)) {
            reason = format!("{name} is {version}, and Prowler runs on 3.10, 3.11 and 3.12");
        } else if ask(&python, ASK_PARTS).await.is_err() {
            reason = format!("{name} lacks venv: install the package python3-venv");
        } else {
            return Ok(python);
        }
    }
    Err(format!(
        "{reason}; install python3 (3.10 to 3.12) with venv, or name an environment by the setting `prowler`"
    ))
}

/// What it prints; else the last line of what it complains of.
async fn ask(python: &std::path::Path, program: &str) -> Result<String, String> {
    let run =
        Command::new(python).args(["-I", "-c", program]).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(ANSWERED_WITHIN, run)
        .await
        .map_err(|_| "it does not answer".to_owned())?
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(complaint.trim().lines().next_back().unwrap_or("it fails without a word").to_owned())
}
