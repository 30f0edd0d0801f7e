//! What stands where a driver should: programs that do what it must not.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use custody_scans::driver::{Driver, End, Launch, Order};
use custody_testkit::eventually;
use serde_json::json;

use crate::fixture::{Heard, SECRET, values};

const EVENT: &str = r#"{"e":"check_started","at":"2026-01-02T03:04:05Z","check":"a_b","service":"a"}"#;

/// A shell that runs this instead of python, its directory, and an order with a secret.
async fn start(script: &str) -> (Driver, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("python");
    fs::write(&path, format!("#!/bin/sh\nread order\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let order = Order {
        provider: "aws".to_owned(),
        credentials: values(json!({"secret_access_key": SECRET})),
        ..Order::default()
    };
    (Launch::new(path, dir.path().join("homes")).start(&order).await.unwrap(), dir)
}

#[tokio::test]
async fn what_is_no_event_ends_it_and_what_was_read_is_kept() {
    let huge = format!("echo '{EVENT}'; head -c 9000000 /dev/zero | tr '\\0' x");
    for (script, what) in [
        (
            format!("echo '{EVENT}'; echo 'Traceback {SECRET}'; sleep 60"),
            "it wrote a line that is no event: “Traceback ***”",
        ),
        (
            format!("echo '{EVENT}'; printf '{{\"e\":\"find'"),
            "its output ended in the middle of a line: “{\"e\":\"find”",
        ),
        (
            format!("echo '{EVENT}'; echo '{{\"e\":\"finding\",\"at\":\"2026-01-02T03:04:05Z\"}}'"),
            "it wrote a line that is no event: “{\"e\":\"finding\"",
        ),
        (huge, "it wrote a line of more than 8 MiB: “xxx"),
        (format!("echo '{EVENT}'; exit 7"), "its process ended without a word: code 7"),
    ] {
        let (mut driver, _dir) = start(&script).await;
        let heard = Heard::of(&mut driver, |_| false).await;
        assert_eq!(heard.started, ["a_b"]);
        let Some(End::Broken(reason) | End::Died(reason)) = heard.end else {
            panic!("{script}: {:?}", heard.end)
        };
        assert!(reason.starts_with(what), "{reason}");
        assert!(reason.len() < 1000);
    }
}

#[tokio::test]
async fn its_log_is_bounded_and_without_secrets() {
    let (mut driver, _dir) = start(&format!(
        "echo 'key {SECRET}' >&2; yes 'a line of the log' | head -c 3000000 >&2; echo '{{\"e\":\"bye\",\"at\":\"2026-01-02T03:04:05Z\"}}'"
    ))
    .await;
    let heard = Heard::of(&mut driver, |_| false).await;
    assert_eq!(heard.end, Some(End::Well));
    assert!(heard.log.starts_with("key ***\na line of the log\n"));
    assert!(heard.log.ends_with("the rest is left out\n"));
    assert!(heard.log.len() < (1 << 20) + 200, "{}", heard.log.len());
}

#[tokio::test]
async fn what_it_started_dies_with_it() {
    let (mut driver, dir) = start("sh -c 'echo $$ > ../../child; while :; do sleep 1; done' & wait").await;
    let file = dir.path().join("child");
    let child = eventually("the grandchild is there", async || {
        fs::read_to_string(&file).ok().filter(|text| text.ends_with('\n'))
    })
    .await;
    let path = format!("/proc/{}", child.trim());
    assert!(fs::exists(&path).unwrap());
    let asked = Instant::now();
    driver.kill();
    assert_eq!(Heard::of(&mut driver, |_| false).await.end, Some(End::Killed));
    eventually("the grandchild is gone", async || is_gone(&path).then_some(())).await;
    assert!(asked.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn one_that_will_not_stop_is_killed() {
    let (mut driver, _dir) = start("trap '' TERM; while :; do sleep 1; done").await;
    driver.stop().await;
    assert_eq!(Heard::of(&mut driver, |_| false).await.end, Some(End::Killed));
}

/// Or only not buried yet by whoever has to.
fn is_gone(path: &str) -> bool {
    fs::read_to_string(format!("{path}/stat")).map_or(true, |stat| stat.contains(") Z "))
}
