//! The process's own side.

use std::{
    io::{BufRead as _, Write as _},
    time::Duration,
};

use custody_auth::SystemAuthority;
use custody_store::Store;
use nix::sys::resource::{Resource, setrlimit};
use tokio::sync::mpsc;

use super::{Answer, Order, Word};
use crate::{
    JobError, Kinds,
    signal::{Signal, Why},
    worker::handle::handle,
};

/// The worker is gone: nobody wants an answer.
const ORPHANED: i32 = 3;
/// Room for the answer to be told.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Runs the one job that standard input names, and answers on standard output. `prepare` opens what
/// handlers need; it is called once the limits stand.
pub async fn run<E: std::fmt::Display>(
    prepare: impl AsyncFnOnce() -> Result<(Store, SystemAuthority, Kinds), E>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (words, mut told) = mpsc::unbounded_channel();
    // A thread, because a handler may not let go of the others.
    std::thread::spawn(move || listen(&words));
    let Some(Word::Run(order)) = told.recv().await else { return Err("no job was named".into()) };
    limit(&order)?;
    let (store, authority, kinds) = prepare().await.map_err(|error| error.to_string())?;
    let signal = Signal::default();
    tokio::spawn({
        let signal = signal.clone();
        async move {
            while let Some(word) = told.recv().await {
                signal.give(match word {
                    Word::Cancelled => Why::Cancelled,
                    Word::Lost => Why::Lost,
                    Word::Overdue => Why::Overdue,
                    Word::Stopping | Word::Run(_) => Why::Stopping,
                });
            }
        }
    });
    let claim = order.claim();
    let answer: Answer = match kinds.get(&claim.kind) {
        None => Err(JobError::again(format!("this program does not know the kind {}", claim.kind))).into(),
        Some(kind) => {
            let scope = authority.scope(claim.job.tenant, kind.name);
            handle(store, scope, kind.clone(), claim, signal).await.into()
        }
    };
    tokio::time::timeout(ANSWER_MAX, tokio::task::spawn_blocking(move || say(&answer)))
        .await
        .map_err(|_| "the answer could not be told")???;
    Ok(())
}

fn listen(words: &mpsc::UnboundedSender<Word>) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if let Ok(word) = serde_json::from_str(&line)
            && words.send(word).is_err()
        {
            return;
        }
    }
    std::process::exit(ORPHANED);
}

/// Of private memory that can be written: what a program asks for, whether it is used yet or not.
fn limit(order: &Order) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    setrlimit(Resource::RLIMIT_DATA, order.memory_bytes_max, order.memory_bytes_max)?;
    // Where the whole machine runs short, the kernel ends this process before the worker.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

fn say(answer: &Answer) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, answer)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}
