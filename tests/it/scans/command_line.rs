//! `custody scan`, as it is typed.

use super::account::{Account, S3, python, scanning};
use crate::support::Tenant;

struct Said {
    code: Option<i32>,
    out: String,
    error: String,
}

async fn run(tenant: &Tenant, args: &[&str], key: &str) -> Said {
    let mut command = scanning().await.command(args);
    command.env("CUSTODY_TOKEN", tenant.admin.bearer());
    if !key.is_empty() {
        command
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY0");
    }
    let output = command.output().await.unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn an_emulated_account_has_findings_and_the_exit_says_so() {
    if python().is_none() {
        return;
    }
    let tenant = scanning().await.tenant().await;
    let said = run(&tenant, &["scan", "run", "--demo", "--checks", S3[1], "--watch"], "").await;
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.error);
    assert!(said.out.contains(S3[1]) && said.out.contains("FAIL"), "{}", said.out);
    let listed = run(&tenant, &["scan", "list"], "").await;
    assert!(listed.out.contains("completed"), "{}", listed.out);
    let failed = run(&tenant, &["scan", "findings", "--failed", &format!("check:{}", S3[1])], "").await;
    let row = failed.out.lines().nth(1).unwrap_or_default();
    assert!(row.contains("FAIL") && row.contains("arn:aws:s3:::"), "{}{}", failed.out, failed.error);
    let id = row.split_whitespace().last().unwrap();
    let one = run(&tenant, &["scan", "finding", id], "").await;
    assert!(one.out.starts_with(S3[1]) && one.out.contains("to do:"), "{}{}", one.out, one.error);
    // Prowler's OCSF has no code: it is the check's.
    assert!(one.out.contains("by command line:\naws s3"), "{}", one.out);
    let said = ["scan", "triage", id, "--state", "accepted", "--owner", "alice", "--mute", "a public site"];
    let said = run(&tenant, &said, "").await;
    assert!(said.out.ends_with("accepted, alice, muted\n"), "{}{}", said.out, said.error);
    let failed = run(&tenant, &["scan", "findings", "--failed", "--json"], "").await;
    assert!(!failed.out.contains(id), "it is muted: {}", failed.out);
    let unsaid = run(&tenant, &["scan", "triage", id], "").await;
    assert_eq!(unsaid.code, Some(1));
    assert!(unsaid.error.contains("--mute"), "{}", unsaid.error);
}

#[tokio::test]
async fn what_is_clean_exits_0_what_cannot_run_1_and_what_was_not_looked_at_is_not_clean() {
    let Some(python) = python() else { return };
    let account = Account::start(&python).await;
    let tenant = scanning().await.tenant().await;
    let scan = ["scan", "run", "--regions", "us-east-1", "--watch", "--set", "retries_max_attempts=1"];
    let at = ["--endpoint-url", &account.url, "--checks"];
    let said = run(&tenant, &[&scan[..], &at, &[S3[1]]].concat(), "AKIAIOSFODNN7EXAMPLE").await;
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.error);
    let (key, secret) = account.user("reader", &["ec2:*", "sts:*"]).await;
    account.enforce().await;
    let wrong = run(&tenant, &[&scan[..], &at, &[S3[1]]].concat(), "AKIAIOSFODNN7EXAMPLE").await;
    assert_eq!(wrong.code, Some(1), "{}{}", wrong.out, wrong.error);
    assert!(wrong.out.contains("the credentials were not taken"), "{}", wrong.out);

    let mut command = scanning().await.command(&[&scan[..], &at, &[S3[1]]].concat());
    command.env("CUSTODY_TOKEN", tenant.admin.bearer());
    command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret);
    let denied = command.output().await.unwrap();
    let out = String::from_utf8(denied.stdout).unwrap();
    assert!(out.contains("access denied"), "{out}");
    assert_eq!(denied.status.code(), Some(1), "all was denied, and it passes for clean: {out}");
}
