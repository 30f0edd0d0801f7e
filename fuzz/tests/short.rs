//! Every target, on its seeds and on what a short while of chance makes of them. `FUZZ_MILLISECONDS`
//! is how long for each (1,000 if not set), `FUZZ_TARGET` which alone, `FUZZ_NUMBER` where chance begins: what fails says both
//! that number and the bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::{
    panic::catch_unwind,
    time::{Duration, Instant},
};

use custody_fuzz::{TARGETS, Target, chance::Chance, seeds};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

/// All, or the one that `FUZZ_TARGET` names.
fn chosen() -> impl Iterator<Item = &'static Target> {
    let name = std::env::var("FUZZ_TARGET").ok();
    TARGETS.iter().filter(move |target| name.as_deref().is_none_or(|name| name == target.name))
}

/// Says which bytes it was, ready to be put among the seeds.
fn run(name: &str, what: &str, run: fn(&[u8]), bytes: &[u8]) {
    let began = Instant::now();
    let outcome = catch_unwind(|| run(bytes));
    assert!(outcome.is_ok(), "{name}, {what}: {:?}", String::from_utf8_lossy(bytes));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "{name}, {what}: took {took:?}");
}

#[test]
fn every_target_holds_on_its_seeds() {
    for target in chosen() {
        let seeds = seeds::of(target.name).unwrap();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for (file, bytes) in seeds {
            run(target.name, &file, target.run, &bytes);
        }
    }
}

#[test]
fn every_target_holds_on_what_chance_makes_of_them() {
    let each = Duration::from_millis(setting("FUZZ_MILLISECONDS", 1_000));
    // The same each time, so that whoever changed nothing sees nothing new; `make fuzz` is for finding.
    let number = setting("FUZZ_NUMBER", 1);
    for target in chosen() {
        let seeds: Vec<_> = seeds::of(target.name).unwrap().into_iter().map(|(_, bytes)| bytes).collect();
        let mut chance = Chance::new(number);
        let began = Instant::now();
        let mut runs = 0_u64;
        while began.elapsed() < each {
            let bytes = chance.change(&seeds);
            run(target.name, &format!("FUZZ_NUMBER={number}, run {runs}"), target.run, &bytes);
            runs += 1;
        }
        println!("{}: {runs} runs", target.name);
    }
}

/// A target that cannot fail would find nothing.
#[test]
#[should_panic(expected = "broken, one: \"x\"")]
fn a_target_that_panics_is_reported_with_its_bytes() {
    run("broken", "one", |bytes| assert!(bytes.is_empty()), b"x");
}
