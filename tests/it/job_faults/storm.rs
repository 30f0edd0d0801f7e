//! Many jobs of many tenants, and one of two workers is killed every second.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};

use super::{
    Part, is_soak, on_both,
    yard::{self, Yard},
};
use crate::support::Server;

on_both!(each_is_done_once_in_effect);

/// Nothing may take longer.
const WITHIN: Duration = Duration::from_mins(3);

async fn ask(front: &Server, tenants: usize, each: usize) {
    let each = each.to_string();
    let ask = async |n: usize| {
        let name = format!("storm-{n}");
        front.custody(&["tenant", "create", &name]).await;
        let args = ["--count", &each, "--attempts-max", "100", "--act", "sleep:300", "--act", "once"];
        front.custody(&[&["probe", "--tenant", &name][..], &args].concat()).await;
    };
    stream::iter(0..tenants).for_each_concurrent(4, ask).await;
}

async fn each_is_done_once_in_effect(part: Part) {
    let (tenants, each) = if is_soak() { (50, 40) } else { (8, 40) };
    let jobs = i64::try_from(tenants * each).unwrap();
    let yard = Yard::new(part, yard::TIMES).await;
    let (front, _) = yard.front().await;
    let mut workers = [Some(yard.start("one", &[]).await), Some(yard.start("two", &[]).await)];
    let began = Instant::now();
    ask(&front, tenants, each).await;
    let mut killed = 0;
    loop {
        // The pace of the storm.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let left = yard
            .count("SELECT count(*) FROM jobs WHERE kind = 'probe' AND state NOT IN ('succeeded', 'failed')")
            .await;
        if left == 0 {
            break;
        }
        assert!(began.elapsed() < WITHIN, "{left} of {jobs} jobs are not done");
        let which = killed % 2;
        workers[which].take().unwrap().kill().await;
        workers[which] = Some(yard.start(["one", "two"][which], &[]).await);
        killed += 1;
    }
    assert!(killed > 1, "the storm was over before anybody was killed");
    let done = yard.count("SELECT count(*) FROM jobs WHERE kind = 'probe' AND state = 'succeeded'").await;
    assert_eq!(done, jobs);
    let effects = yard.count("SELECT count(*) FROM jobs WHERE kind = 'probe.effect'").await;
    let of = yard.count("SELECT count(DISTINCT unique_key) FROM jobs WHERE kind = 'probe.effect'").await;
    assert_eq!((effects, of), (jobs, jobs));
    for worker in workers.into_iter().flatten() {
        assert!(worker.stop().await.success());
    }
}
