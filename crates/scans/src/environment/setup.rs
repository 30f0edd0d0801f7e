//! Making an environment.

use std::{fs, io, os::unix::fs::symlink, path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

use super::python;

const COMPLAINT_LINES: usize = 5;

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("Prowler cannot be set up: {0}")]
    Python(String),
    #[error("Prowler cannot be set up: {0} could not be written")]
    Place(String, #[source] io::Error),
    /// Of pip, mostly: its last lines.
    #[error("Prowler cannot be set up: {step} failed: {complaint}")]
    Step { step: &'static str, complaint: String },
    #[error("{0}")]
    Unusable(String),
}

/// `root/name`, a link to an environment that has all of the lock. Pip's own configuration and the
/// environment's proxy hold.
pub(super) async fn make(
    root: &Path,
    name: &str,
    lock: &str,
    mut told: impl FnMut(&str),
) -> Result<(), SetupError> {
    let python = python::find().await.map_err(SetupError::Python)?;
    let place = |error| SetupError::Place(root.display().to_string(), error);
    fs::create_dir_all(root).map_err(place)?;
    // Programs in an environment name it by its path: it is made where it stays. What is given up goes.
    let made = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(root).map_err(place)?;
    let locked = made.path().join("requirements.txt");
    fs::write(&locked, lock).map_err(place)?;
    told(&format!("making an environment with {} in {}", python.display(), made.path().display()));
    let mut venv = Command::new(&python);
    venv.args(["-I", "-m", "venv", "--clear"]).arg(made.path().join("venv"));
    run("python -m venv", venv, &mut told).await?;
    told("installing Prowler: about four minutes and 2.4 GB");
    let mut pip = Command::new(made.path().join("venv/bin/python"));
    pip.args(["-m", "pip", "install", "--require-hashes", "--disable-pip-version-check", "--no-input"])
        .args(["--progress-bar", "off", "-r"])
        .arg(&locked);
    run("pip install", pip, &mut told).await?;
    put_in_place(root, name, &made.keep()).map_err(place)
}

/// The link, in one step: whoever looks sees the old one or the new one.
fn put_in_place(root: &Path, name: &str, made: &Path) -> io::Result<()> {
    let mut link = made.as_os_str().to_owned();
    link.push(".link");
    symlink(made.join("venv"), &link)?;
    fs::rename(&link, root.join(name))
}

async fn run(
    step: &'static str,
    mut command: Command,
    told: &mut impl FnMut(&str),
) -> Result<(), SetupError> {
    let failed = |complaint: String| SetupError::Step { step, complaint };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(failed("a process without its streams".to_owned()));
    };
    let complaints = tokio::spawn(async move {
        let mut last = std::collections::VecDeque::new();
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            last.push_back(line);
            if last.len() > COMPLAINT_LINES {
                last.pop_front();
            }
        }
        Vec::from(last).join("\n")
    });
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        told(&line);
    }
    let status = child.wait().await.map_err(|error| failed(error.to_string()))?;
    let complaint = complaints.await.unwrap_or_default();
    if status.success() { Ok(()) } else { Err(failed(complaint)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

    use super::*;

    /// With a lock that asks for nothing, so that nothing is fetched.
    #[tokio::test]
    async fn two_at_once_make_one_that_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut lines = Vec::new();
        let (one, two) = tokio::join!(
            make(dir.path(), "env", "", |line| lines.push(line.to_owned())),
            make(dir.path(), "env", "", |_| {}),
        );
        if let Err(SetupError::Python(reason)) = &one {
            eprintln!("SKIPPED {}: {reason}", file!());
            return;
        }
        one.unwrap();
        two.unwrap();
        assert!(dir.path().join("env/bin/python").exists());
        assert!(lines.iter().any(|line| line.starts_with("installing Prowler")), "{lines:?}");
    }

    #[tokio::test]
    async fn what_cannot_be_installed_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        // No hash, so pip refuses before it asks anybody.
        let made = make(dir.path(), "env", "prowler==5.46.0\n", |_| {}).await;
        match made {
            Err(SetupError::Python(reason)) => eprintln!("SKIPPED {}: {reason}", file!()),
            Err(SetupError::Step { step, complaint }) => {
                assert_eq!(step, "pip install");
                assert!(complaint.contains("hash"), "{complaint}");
                assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
            }
            other => panic!("{other:?}"),
        }
    }
}
