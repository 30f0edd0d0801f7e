//! The Go tools of the transparency ecosystem verify the log unchanged (tests/go).

use std::{path::PathBuf, process::Output};

use serde_json::json;
use tokio::process::Command;

use crate::support::{Tenant, shared};

/// Where `make test` keeps what Go downloads and builds.
fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home directory"));
    std::env::var_os("CUSTODY_CACHE").map_or_else(|| home().join(".cache/custody"), PathBuf::from).join("go")
}

async fn verify(url: &str, tenant: &Tenant, key: &str, ids: &[String]) -> Output {
    let output = Command::new("go")
        .args(["run", ".", url, key])
        .args(ids)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/go"))
        .env("CUSTODY_TOKEN", tenant.auditor.bearer())
        .envs([("GOTOOLCHAIN", "local"), ("GOFLAGS", "-mod=readonly -buildvcs=false")])
        .envs([("GOMODCACHE", cache().join("modules")), ("GOCACHE", cache().join("build"))])
        .output()
        .await;
    output.expect("Go is there: scripts/install-dependencies test installs it")
}

#[tokio::test]
async fn its_tools_verify_the_log_unchanged() {
    let server = shared().await;
    let tenant = server.tenant().await;
    // Two full tiles, and one that is not.
    let entries: Vec<_> =
        (0..601).map(|n| json!({"action": "order.updated", "actor": {"id": format!("u{n}")}})).collect();
    let answer = tenant.writer.post("/api/v1/logs/bulk", &json!(entries)).await.expect(200);
    assert_eq!(answer["accepted"], 601);
    let id = |n: usize| answer["items"][n]["id"].as_str().unwrap().to_owned();
    let ids: Vec<_> = [0, 1, 255, 256, 511, 512, 599, 600].map(id).into();
    // The last one's proof waits for the checkpoint that covers them all.
    super::http::proof(&tenant.auditor, &answer["items"][600]).await;
    let key = String::from_utf8(tenant.auditor.get("/api/v1/log/key").await.bytes).unwrap();

    let output = verify(server.url(), &tenant, key.trim_end(), &ids).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // A tenant begins with the entries of its own making.
    let leaves: u64 = said.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(leaves >= 601 && said.contains(" leaves, "), "{said}");

    // Another tenant's key is another log's.
    let other = server.tenant().await;
    let foreign = String::from_utf8(other.auditor.get("/api/v1/log/key").await.bytes).unwrap();
    let output = verify(server.url(), &tenant, foreign.trim_end(), &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("note has no verifiable signatures"));
}
