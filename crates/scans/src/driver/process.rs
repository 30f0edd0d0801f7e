//! A driver's process: what it says, until it has ended.

use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus, time::Duration};

use tokio::{
    process::{Child, ChildStdout},
    sync::mpsc,
    task::JoinHandle,
};

use super::{
    Event, Scrubber,
    group::Group,
    launch::Said,
    lines::{LINE_BYTES_MAX, Line, Lines},
};

/// Once the group is killed its streams have ended, but for a process that left the group; what is in them
/// still is to be listened to.
const DRAIN_MAX: Duration = Duration::from_secs(10);
const SHOWN_CHARS_MAX: usize = 200;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As it was asked to.
    Well,
    /// After an [`Event::Failed`], which says why.
    Failed,
    /// By [`super::Driver::kill`], or because it did not stop in time.
    Killed,
    /// Without a word: what is known of it.
    Died(String),
    /// It wrote what no driver writes: what is wrong, without secrets.
    Broken(String),
}

pub(super) struct Process {
    pub(super) child: Child,
    pub(super) group: Group,
    pub(super) scrubber: Scrubber,
    pub(super) said: mpsc::Sender<Said>,
    pub(super) log: JoinHandle<()>,
}

impl Process {
    pub(super) async fn follow(mut self, stdout: ChildStdout) {
        let (scrubber, said) = (self.scrubber.clone(), self.said.clone());
        let mut heard = tokio::spawn(hear(stdout, scrubber, said));
        let status = tokio::select! {
            ended = &mut heard => {
                self.group.bury();
                (self.child.wait().await.ok(), ended.ok())
            }
            // Without its leader the group does nothing that anyone asked for.
            status = self.child.wait() => {
                self.group.bury();
                (status.ok(), tokio::time::timeout(DRAIN_MAX, &mut heard).await.ok().and_then(Result::ok))
            }
        };
        heard.abort();
        if tokio::time::timeout(DRAIN_MAX, &mut self.log).await.is_err() {
            self.log.abort();
        }
        let end = match status {
            (_, Some(Heard::Wrong(what))) => End::Broken(what),
            (_, Some(Heard::Bye)) => End::Well,
            (_, Some(Heard::Failed)) => End::Failed,
            _ if self.group.was_ended_by_us() => End::Killed,
            (status, _) => End::Died(format!("its process ended without a word: {}", told(status))),
        };
        // Where nobody listens nobody wants to know.
        let _ = self.said.send(Said::Ended(end)).await;
    }
}

/// Its last word.
enum Heard {
    Bye,
    Failed,
    Nothing,
    Wrong(String),
}

async fn hear(stdout: ChildStdout, scrubber: Scrubber, said: mpsc::Sender<Said>) -> Heard {
    let mut lines = Lines::of(stdout);
    let mut last = Heard::Nothing;
    loop {
        let line = match lines.next().await {
            Line::Ended => return last,
            Line::Whole(line) => line,
            Line::Half(line) => {
                return Heard::Wrong(format!(
                    "its output ended in the middle of a line: {}",
                    clip(line, &scrubber)
                ));
            }
            Line::Huge(line) => {
                let most = LINE_BYTES_MAX >> 20;
                return Heard::Wrong(format!(
                    "it wrote a line of more than {most} MiB: {}",
                    clip(line, &scrubber)
                ));
            }
        };
        let text = String::from_utf8_lossy(line);
        let Some(event) = Event::read(&scrubber.scrub(&text)) else {
            return Heard::Wrong(format!("it wrote a line that is no event: {}", clip(line, &scrubber)));
        };
        last = match event {
            Event::Bye => Heard::Bye,
            Event::Failed { .. } => Heard::Failed,
            _ => Heard::Nothing,
        };
        if said.send(Said::Event(event)).await.is_err() {
            return Heard::Nothing;
        }
    }
}

fn clip(line: &[u8], scrubber: &Scrubber) -> String {
    // A secret may be cut where the line is: look at far more than is shown.
    let seen = line.get(..SHOWN_CHARS_MAX * 100).unwrap_or(line);
    let text = String::from_utf8_lossy(seen);
    let text: String = scrubber
        .scrub(&text)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN_CHARS_MAX)
        .collect();
    format!("“{text}”")
}

fn told(status: Option<ExitStatus>) -> String {
    match status.map(|status| (status.signal(), status.code())) {
        Some((Some(9), _)) => "signal 9, as when the machine runs short of memory".to_owned(),
        Some((Some(signal), _)) => format!("signal {signal}"),
        Some((_, Some(code))) => format!("code {code}"),
        _ => "unknown".to_owned(),
    }
}
