use std::{fmt::Write as _, fs};

use custody_scans::driver::{Event, Said};
use custody_testkit::eventually;
use serde_json::json;

use crate::fixture::{SECRET, demo, launch, order, python};

const TOKEN: &str = "FwoGZXIvYXdzEBYaDGVuY29kZWQtc2Vzc2lvbi10b2tlbg";

/// Where others on the machine could look, and all that comes out, even where a library puts them there.
#[tokio::test]
async fn credentials_are_seen_nowhere() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    // The secret as a part of the endpoint: what cannot be reached is told, with its address.
    let mut order = order(&format!("http://127.0.0.1:1/{SECRET}"));
    order.credentials.insert("session_token".to_owned(), json!(TOKEN));
    let mut driver = launch.start(&order).await.unwrap();
    let home = driver.home().unwrap().to_owned();
    let pids = eventually("the driver is there", async || {
        let pids = processes_in(&home);
        (pids.len() >= 2).then_some(pids)
    })
    .await;
    for pid in &pids {
        for file in ["cmdline", "environ"] {
            // The processes of a user who is not root cannot even be read.
            let seen = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            assert!(!contains(&seen), "{file} of {pid}");
        }
    }
    let mut all = String::new();
    let mut failed = None;
    while let Some(said) = driver.next().await {
        writeln!(all, "{said:?}").unwrap();
        if let Said::Event(Event::Failed { reason, .. }) = said {
            failed = Some(reason);
        }
    }
    assert!(!contains(all.as_bytes()), "{all}");
    assert!(failed.is_some_and(|reason| reason.contains("***")), "{all}");
}

#[tokio::test]
async fn nobody_else_looks_into_a_scans_home_and_nothing_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let driver = launch.start(&order(demo.endpoint())).await.unwrap();
    let home = driver.home().unwrap().to_owned();
    assert_eq!(fs::metadata(&home).unwrap().permissions().mode() & 0o777, 0o700);
    drop(driver);
    eventually("the home is gone", async || (!home.exists()).then_some(())).await;
}

fn contains(bytes: &[u8]) -> bool {
    [SECRET, TOKEN].iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
}

/// Whose command line names this directory.
pub(crate) fn processes_in(home: &std::path::Path) -> Vec<u32> {
    let home = home.to_str().unwrap().as_bytes();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.windows(home.len()).any(|window| window == home)
        })
        .collect()
}
