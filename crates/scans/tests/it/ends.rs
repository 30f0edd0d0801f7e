//! How drivers end.

use std::time::{Duration, Instant};

use custody_scans::driver::{End, Event};
use custody_testkit::eventually;

use crate::{
    fixture::{Heard, demo, launch, order, python},
    secrets::processes_in,
};

const SLOW: [&str; 3] = [
    "cloudtrail_threat_detection_enumeration",
    "cloudtrail_threat_detection_llm_jacking",
    "s3_bucket_public_access",
];

#[tokio::test]
async fn stopped_in_the_middle_it_ends_well_and_keeps_what_it_found() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let mut driver = launch.start(&order(demo.endpoint())).await.unwrap();
    driver.run(&["s3_bucket_object_versioning".to_owned()]).await.unwrap();
    driver.run(&SLOW.map(str::to_owned)).await.unwrap();
    let before = Heard::of(
        &mut driver,
        |event| matches!(event, Event::CheckStarted { check, .. } if check.starts_with("cloudtrail")),
    )
    .await;
    assert!(!before.found.is_empty());
    let home = driver.home().unwrap().to_owned();
    let asked = Instant::now();
    driver.stop().await;
    let rest = Heard::of(&mut driver, |_| false).await;
    assert_eq!(rest.end, Some(End::Well));
    // Promised is a second, on a machine that does nothing else.
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(processes_in(&home), [0; 0]);
}

#[tokio::test]
async fn killed_or_dropped_nothing_of_it_is_left() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    for is_dropped in [false, true] {
        let mut driver = launch.start(&order(demo.endpoint())).await.unwrap();
        driver.run(&SLOW.map(str::to_owned)).await.unwrap();
        Heard::of(&mut driver, |event| matches!(event, Event::CheckStarted { .. })).await;
        let home = driver.home().unwrap().to_owned();
        assert_eq!(processes_in(&home).len(), 2, "the driver and its warden");
        let asked = Instant::now();
        if is_dropped {
            drop(driver);
        } else {
            driver.kill();
            assert_eq!(Heard::of(&mut driver, |_| false).await.end, Some(End::Killed));
        }
        eventually("all of it is gone", async || processes_in(&home).is_empty().then_some(())).await;
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    }
}

/// A program that starts a driver and is killed with no chance to say so: only the pipe closes.
#[tokio::test]
async fn a_driver_dies_with_whoever_started_it() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let mut driver = launch.start(&order(demo.endpoint())).await.unwrap();
    driver.run(&SLOW.map(str::to_owned)).await.unwrap();
    Heard::of(&mut driver, |event| matches!(event, Event::CheckStarted { .. })).await;
    let home = driver.home().unwrap().to_owned();
    driver.close_input();
    eventually("all of it is gone", async || processes_in(&home).is_empty().then_some(())).await;
}
