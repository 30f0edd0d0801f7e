//! A writer is killed while it writes.

use std::{
    fs::{self, DirEntry},
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_objects::{Key, Objects, PutOptions, layout};
use futures::{StreamExt as _, stream};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{create_only, pattern, whole};

const PLACE: &str = "CUSTODY_TEST_OBJECTS_PLACE";
const PIECE: usize = 64 * 1024;
const PIECES: usize = 24;

fn scope() -> Scope {
    SystemAuthority::assume().scope(TenantId(Uuid::from_u128(7)), "test")
}

fn key(number: usize) -> Key {
    layout::anchor(&scope(), 0, number as u64)
}

/// Written again and again.
fn same_key() -> Key {
    layout::job_file(&scope(), Uuid::from_u128(7), "same").unwrap()
}

fn seed(number: usize) -> u8 {
    u8::try_from(number % 256).unwrap()
}

/// The process that is killed. It says what it has stored, line by line.
#[tokio::test]
#[ignore = "a process that another test starts and kills"]
async fn writer() {
    let objects = Objects::directory(Path::new(&std::env::var(PLACE).unwrap())).unwrap();
    for number in 0.. {
        let bytes = pattern(seed(number), PIECES * PIECE);
        let pieces = stream::iter(0..PIECES).then(|at| {
            let piece = bytes.slice(at * PIECE..(at + 1) * PIECE);
            async move {
                // As a source that takes its time, so that a kill meets a write in its middle.
                tokio::time::sleep(Duration::from_millis(2)).await;
                Ok::<_, std::io::Error>(piece)
            }
        });
        objects.put_stream(&key(number), pieces, create_only()).await.unwrap();
        objects.put(&same_key(), bytes.clone(), PutOptions::default()).await.unwrap();
        println!("\nstored {number}");
    }
}

/// Killed also where the test fails.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn start_writer(place: &Path) -> Writer {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::writer", "--ignored", "--nocapture"])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    Writer(child)
}

fn unfinished(place: &Path) -> Vec<DirEntry> {
    fs::read_dir(place.join(".unfinished")).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn nothing_half_written_is_ever_seen() {
    let mut left = 0;
    for round in 0..8 {
        let folder = TempDir::new().unwrap();
        let place = folder.path().join("objects");
        let mut writer = start_writer(&place);
        let mut lines = BufReader::new(writer.0.stdout.take().unwrap()).lines().map(Result::unwrap);
        let stored = lines.by_ref().filter(|line| line.starts_with("stored ")).nth(round / 2);
        assert_eq!(stored, Some(format!("stored {}", round / 2)));
        // It goes on meanwhile: in odd rounds until it has a file that grows.
        if round % 2 == 1 {
            let growing = || async {
                unfinished(&place)
                    .iter()
                    .any(|file| file.metadata().is_ok_and(|file| file.len() > 0))
                    .then_some(())
            };
            custody_testkit::eventually("a file is being written", growing).await;
        }
        drop(writer);

        let objects = Objects::directory(&place).unwrap();
        let anchors = objects.list(&layout::anchors(&scope(), 0), None, 1_000).await.unwrap();
        assert!(anchors.objects.len() > round / 2, "what it said it had stored is gone");
        for (number, listed) in anchors.objects.iter().enumerate() {
            assert_eq!(listed.key, key(number));
            assert_eq!(whole(&objects, &listed.key).await.unwrap(), pattern(seed(number), PIECES * PIECE));
        }
        let same = whole(&objects, &same_key()).await.unwrap();
        let last = anchors.objects.len() - 1;
        assert!(
            [last, last.saturating_sub(1)]
                .iter()
                .any(|number| same == pattern(seed(*number), PIECES * PIECE))
        );

        let files = unfinished(&place).len();
        assert_eq!(objects.sweep_unfinished().await.unwrap(), files as u64);
        assert_eq!(unfinished(&place).len(), 0);
        left += files;
        // The next writer goes on.
        objects.put(&key(last + 1), pattern(0, 10), create_only()).await.unwrap();
    }
    assert!(left > 0, "no writer was ever killed in the middle");
}
