//! Objects of 8 MB in a directory against `dd` with fsync, in turns:
//! `cargo run --release --package custody-objects --example write_speed -- /path/on/the/disk`
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that fails has nothing to say")]

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use bytes::Bytes;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_objects::{Objects, PutOptions, layout};
use futures::stream;
use uuid::Uuid;

const BYTES: usize = 8 * 1024 * 1024;
const TURNS: usize = 40;

#[tokio::main]
async fn main() {
    let place = std::env::args().nth(1).expect("the directory to write in");
    let folder = Path::new(&place).join(format!("write-speed-{}", Uuid::new_v4()));
    let objects = Objects::directory(&folder).unwrap();
    let scope = SystemAuthority::assume().scope(TenantId(Uuid::new_v4()), "write_speed");
    // Not zeros: a file system may keep those as nothing.
    let bytes: Bytes =
        (0..BYTES as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
    let source = folder.join("source");
    std::fs::write(&source, &bytes).unwrap();

    let mut times: [Vec<Duration>; 3] = Default::default();
    for turn in 0..TURNS {
        times[0].push(dd(&source, &folder.join(format!("dd-{turn}"))));
        times[1].push(whole(&objects, &scope, turn, &bytes).await);
        times[2].push(streamed(&objects, &scope, turn, &bytes).await);
    }
    let median = times.map(|mut times| {
        times.sort();
        times[TURNS / 2]
    });
    for (name, time) in ["dd bs=8M conv=fsync", "put", "put_stream, 64 KiB pieces"].iter().zip(median) {
        let mb_per_second = f64::from(u32::try_from(BYTES).unwrap()) / 1e6 / time.as_secs_f64();
        let ratio = median[0].as_secs_f64() / time.as_secs_f64();
        println!("{name:27} {time:8.1?}  {mb_per_second:6.0} MB/s  {ratio:.2} of dd  (median of {TURNS})");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// As `dd` itself measures it, without the time that its process takes to start.
fn dd(source: &Path, target: &Path) -> Duration {
    let mut dd = Command::new("dd");
    dd.arg(format!("if={}", source.display())).arg(format!("of={}", target.display()));
    let output = dd.args(["bs=8M", "conv=fsync"]).env("LC_ALL", "C").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // 8388608 bytes (8.4 MB, 8.0 MiB) copied, 0.0101 s, 830 MB/s
    let seconds = said.rsplit_once("copied, ").and_then(|(_, rest)| rest.split_once(" s,")).unwrap().0;
    Duration::from_secs_f64(seconds.parse().unwrap())
}

async fn whole(objects: &Objects, scope: &Scope, turn: usize, bytes: &Bytes) -> Duration {
    let key = layout::job_file(scope, Uuid::from_u128(1), &format!("whole-{turn}")).unwrap();
    let begun = Instant::now();
    objects.put(&key, bytes.clone(), PutOptions::default()).await.unwrap();
    begun.elapsed()
}

async fn streamed(objects: &Objects, scope: &Scope, turn: usize, bytes: &Bytes) -> Duration {
    let key = layout::job_file(scope, Uuid::from_u128(2), &format!("streamed-{turn}")).unwrap();
    let piece = 64 * 1024;
    let pieces =
        (0..BYTES / piece).map(|at| Ok::<_, std::io::Error>(bytes.slice(at * piece..(at + 1) * piece)));
    let begun = Instant::now();
    objects.put_stream(&key, stream::iter(pieces), PutOptions::default()).await.unwrap();
    begun.elapsed()
}
