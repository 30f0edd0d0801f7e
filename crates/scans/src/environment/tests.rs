#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::*;

#[test]
fn the_lock_pins_the_engine_and_all_it_needs_by_hash() {
    assert_eq!(pinned_version(), "5.46.0");
    let pinned = LOCK.lines().filter(|line| line.contains("==") && !line.starts_with('#')).count();
    assert!(pinned > 200);
    assert!(LOCK.lines().filter(|line| line.trim_start().starts_with("--hash=sha256:")).count() >= pinned);
    assert!(name().starts_with("5.46.0-"));
}

#[tokio::test]
async fn it_says_what_is_wrong_with_a_place() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Environment::of(None, dir.path());
    assert_eq!(ours.python().unwrap_err(), "Prowler is not set up here: run `custody scan setup`");
    let named = dir.path().join("nothing");
    let reason = Environment::of(Some(&named), dir.path()).python().unwrap_err();
    assert!(reason.ends_with("nothing: the setting `prowler` names it"), "{reason}");
    let python = dir.path().join("python");
    for (script, says) in [
        ("echo 'PackageNotFoundError: prowler' >&2; exit 1", "has no Prowler"),
        ("echo 'no such interpreter' >&2; exit 1", "cannot be used: no such interpreter"),
        ("echo 3.11.7", "does not say which Prowler it has"),
    ] {
        fs::write(&python, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        let reason = Environment::of(Some(&python), dir.path()).probe().await.unwrap_err();
        assert!(reason.contains(says), "{reason}");
    }
}
