//! An environment with Prowler, an emulated account, and what a driver said.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use custody_scans::{
    demo::{Demo, DemoOrder},
    driver::{Checked, Driver, End, Event, FailureKind, Found, Launch, Network, Order, Ready, Said},
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY0";

/// Nothing that a driver does here takes longer.
const PATIENCE: Duration = Duration::from_mins(2);

/// The python of an environment that has Prowler; where there is none, says so by the caller's name.
#[track_caller]
pub(crate) fn python() -> Option<PathBuf> {
    let python = std::env::var_os("CUSTODY_TEST_PROWLER").map(PathBuf::from).filter(|path| path.exists());
    if python.is_none() {
        let at = std::panic::Location::caller();
        eprintln!("SKIPPED {}:{}: CUSTODY_TEST_PROWLER names no python with Prowler", at.file(), at.line());
    }
    python
}

pub(crate) fn launch(python: impl Into<PathBuf>) -> Launch {
    Launch::new(python, std::env::temp_dir().join("custody-scans-it"))
}

/// One account for all tests that only look at it. It ends with this process.
pub(crate) async fn demo(launch: &Launch) -> Arc<Demo> {
    static DEMO: OnceCell<Arc<Demo>> = OnceCell::const_new();
    let start = || async {
        let launch = launch.clone();
        // In a runtime that outlives the test that came first.
        let (say, said) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let order = DemoOrder { scale: 1, regions: vec!["us-east-1".to_owned()] };
                say.send(Arc::new(Demo::start(&launch, &order).await.unwrap())).unwrap();
                std::future::pending::<()>().await;
            });
        });
        said.await.unwrap()
    };
    DEMO.get_or_init(start).await.clone()
}

/// Of the account at this endpoint.
pub(crate) fn order(endpoint: &str) -> Order {
    Order {
        provider: "aws".to_owned(),
        credentials: values(json!({"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": SECRET})),
        settings: values(json!({
            "regions": ["us-east-1"], "endpoint_url": endpoint, "retries_max_attempts": 1,
            "connect_timeout": 5, "read_timeout": 20,
        })),
        network: Network { allow_local: true },
        memory_bytes: 2 << 30,
        ..Order::default()
    }
}

pub(crate) fn values(value: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// All that a driver said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) ready: Option<Ready>,
    pub(crate) started: Vec<String>,
    pub(crate) found: Vec<Found>,
    pub(crate) finished: Vec<Checked>,
    pub(crate) errored: Vec<(String, Checked)>,
    pub(crate) failed: Option<(FailureKind, String)>,
    pub(crate) log: String,
    pub(crate) end: Option<End>,
}

impl Heard {
    /// Until it has ended, or `stop` says that this is enough.
    pub(crate) async fn of(driver: &mut Driver, mut stop: impl FnMut(&Event) -> bool) -> Self {
        let mut heard = Self::default();
        loop {
            let said = tokio::time::timeout(PATIENCE, driver.next()).await.expect("it says nothing");
            let event = match said {
                None => return heard,
                Some(Said::Ended(end)) => {
                    heard.end = Some(end);
                    continue;
                }
                Some(Said::Log(text)) => {
                    heard.log += &text;
                    continue;
                }
                Some(Said::Event(event)) => event,
            };
            let enough = stop(&event);
            heard.keep(event);
            if enough {
                return heard;
            }
        }
    }

    fn keep(&mut self, event: Event) {
        match event {
            Event::Ready(ready) => self.ready = Some(ready),
            Event::CheckStarted { check, .. } => self.started.push(check),
            Event::Finding(found) => self.found.push(found),
            Event::CheckFinished(checked) => self.finished.push(checked),
            Event::CheckErrored { reason, checked } => self.errored.push((reason, checked)),
            Event::Failed { kind, reason, .. } => self.failed = Some((kind, reason)),
            Event::Phase { .. } | Event::Ran { .. } | Event::Bye => {}
        }
    }
}

/// Runs these checks and ends it well.
pub(crate) async fn scan(launch: &Launch, order: &Order, checks: &[&str]) -> Heard {
    let mut driver = launch.start(order).await.unwrap();
    let checks: Vec<String> = checks.iter().map(|&check| check.to_owned()).collect();
    // Where it has ended already, its stream says how.
    let _ = driver.run(&checks).await;
    let mut heard = Heard::of(&mut driver, |event| matches!(event, Event::Ran { .. })).await;
    driver.stop().await;
    let rest = Heard::of(&mut driver, |_| false).await;
    heard.log += &rest.log;
    heard.end = heard.end.or(rest.end);
    heard
}
