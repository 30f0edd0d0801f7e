//! The worker's side.

use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus, process::Stdio};

use custody_store::jobs::Claim;
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, ChildStderr, ChildStdin, ChildStdout},
};

use super::{Answer, Launcher, Order, Word, lines::Lines};
use crate::{Done, JobError, signal::Signal};

/// What Rust's allocator says before it ends a process.
const OUT_OF_MEMORY: &str = "memory allocation of";

/// Until the process has answered or ended. Dropped, it kills it.
pub(crate) async fn run(
    launcher: Option<Launcher>,
    claim: Claim,
    memory_bytes_max: u64,
    signal: Signal,
) -> Result<Done, JobError> {
    let launcher =
        launcher.ok_or_else(|| JobError::again("this worker cannot run it in a process of its own"))?;
    let mut command = (launcher.0)();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // The symbols of a panic's backtrace are read out of the whole program (over 3 s and 192 MiB of one with
    // debug information), which would count as the job's own time and memory.
    command.env("RUST_BACKTRACE", "0");
    let mut child = command.spawn().map_err(JobError::defect)?;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(JobError::defect("a process without its streams"));
    };
    let order = Word::Run(Order::new(&claim, memory_bytes_max));
    let telling = tell(stdin, order, signal);
    let listening = async { tokio::try_join!(hear(stdout), pass_on(stderr)) };
    let (answer, was_out_of_memory) = tokio::select! {
        heard = listening => heard?,
        never = telling => match never {},
    };
    match answer {
        Some(answer) => answer.into(),
        None => Err(JobError::again(why(&mut child, was_out_of_memory, memory_bytes_max).await)),
    }
}

enum Never {}

/// The order, and then that it should end. Standard input stays open as long as this is not dropped.
async fn tell(mut stdin: ChildStdin, order: Word, signal: Signal) -> Never {
    // Where it cannot be written the process has ended, and its streams say so.
    let _ = say(&mut stdin, &order).await;
    signal.given().await;
    if let Some(why) = signal.why() {
        let _ = say(&mut stdin, &why.into()).await;
    }
    std::future::pending().await
}

async fn say(stdin: &mut ChildStdin, word: &Word) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(word)?;
    line.push(b'\n');
    stdin.write_all(&line).await?;
    stdin.flush().await
}

/// The one line that is an answer; what else it prints is nobody's business.
async fn hear(stdout: ChildStdout) -> Result<Option<Answer>, JobError> {
    let mut lines = Lines::of(stdout);
    let mut answer = None;
    while let Some(line) = lines.next().await? {
        answer = serde_json::from_str(&line).ok().or(answer);
    }
    Ok(answer)
}

/// Its log lines are this program's. Whether its last words were of memory.
async fn pass_on(stderr: ChildStderr) -> Result<bool, JobError> {
    let mut lines = Lines::of(stderr);
    let mut was_out_of_memory = false;
    while let Some(line) = lines.next().await? {
        was_out_of_memory |= line.starts_with(OUT_OF_MEMORY);
        eprintln!("{line}");
    }
    Ok(was_out_of_memory)
}

async fn why(child: &mut Child, was_out_of_memory: bool, memory_bytes_max: u64) -> String {
    if was_out_of_memory {
        return format!("it needed more memory than the {} MiB that it may have", memory_bytes_max >> 20);
    }
    match child.wait().await {
        Ok(status) => format!("its process ended without an answer: {}", told(status)),
        Err(_) => "its process ended without an answer".to_owned(),
    }
}

fn told(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("signal {signal}"),
        (_, Some(code)) => format!("code {code}"),
        _ => "unknown".to_owned(),
    }
}
