//! One attempt at one scan: from the order to its end, or to where another worker goes on.

use std::time::Duration;

use custody_domain::{ScanId, ScanStatus};
use custody_queue::{Done, JobError, OpContext};
use custody_store::{
    StoreError, providers,
    scans::{self, Begun, Ending, checks::CheckEnd},
};
use serde_json::json;
use tokio::time::{self, Instant};

use super::{
    ScanServices,
    crew::Crew,
    prepare::{self, Prepared},
    recorder::Recorder,
};
use crate::{
    Phase, Progress,
    driver::{Checked, End, Event, FailureKind, Found, Ready, Said},
    finding::{self, Context},
    scans::scope_key,
};

/// What was said before the processes were ended is still heard for so long.
const LAST_WORDS: Duration = Duration::from_millis(700);
/// Another scan of the same account and scope runs: looked at again after so long, and longer each time, so
/// that the attempts last for hours.
const TAKEN_PAUSE: Duration = Duration::from_secs(10);
/// Signing in takes seconds.
const READY_TIME_MAX: Duration = Duration::from_mins(5);
/// Attempts at a scan whose processes cannot be started.
const STARTS_MAX: u16 = 3;

pub(super) async fn run(context: &OpContext<ScanServices>, id: ScanId) -> Result<Done, JobError> {
    // Emulating an account takes seconds; what is dropped in the middle of it ends with its processes.
    let prepared = tokio::select! {
        biased;
        why = context.should_end() => {
            if matches!(why, JobError::Cancelled) {
                end(context, id, &cancelled()).await?;
            }
            return Err(why);
        }
        prepared = prepare::prepare(context, id) => prepared?,
    };
    let Some(prepared) = prepared else { return Ok(Done::nothing()) };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(reason) => return fail(context, id, reason).await,
    };
    let Prepared { launch, order, checks, parallelism, .. } = &prepared;
    if checks.is_empty() && prepared.scan.started_at.is_some() {
        // Another worker ran all of them, and died before it said so.
        let mut recorder = prepare::resume(context, &prepared, &prepared.scan).await?;
        recorder.end(completed()).await?;
        return done(id, ScanStatus::Completed);
    }
    let places = &context.services().engine.places;
    let crew = match Crew::start(launch.clone(), order.clone(), checks, *parallelism, places).await {
        Ok(crew) => crew,
        // What this worker lacks another may have, and this one a moment later.
        Err(error) if context.attempt() < STARTS_MAX => return Err(JobError::again(error.to_string())),
        Err(error) => {
            return fail(context, id, error.to_string()).await;
        }
    };
    Run { context, id, prepared: &prepared, crew, recorder: None, account: None }.until_end().await
}

struct Run<'c> {
    context: &'c OpContext<ScanServices>,
    id: ScanId,
    prepared: &'c Prepared,
    crew: Crew,
    /// Once the provider has been signed in to.
    recorder: Option<Recorder<'c, ScanServices>>,
    account: Option<String>,
}

/// How an attempt ends.
enum Over {
    /// All checks have.
    Completed,
    Failed(String),
    Error(JobError),
}

impl Run<'_> {
    async fn until_end(mut self) -> Result<Done, JobError> {
        let over = self.listen().await;
        self.crew.kill();
        let ending = match &over {
            Over::Completed => completed(),
            Over::Failed(reason) => failed(reason.clone()),
            Over::Error(JobError::Cancelled) => {
                self.last_words().await;
                cancelled()
            }
            Over::Error(_) => {
                if let (Over::Error(JobError::Stopped), Some(recorder)) = (&over, &mut self.recorder) {
                    // What it has is kept; another goes on behind it.
                    recorder.flush_once().await?;
                }
                let Over::Error(error) = over else { return Ok(Done::nothing()) };
                return Err(error);
            }
        };
        match &mut self.recorder {
            Some(recorder) => recorder.end(ending.clone()).await?,
            None => end(self.context, self.id, &ending).await?,
        }
        match over {
            Over::Error(error) => Err(error),
            _ => done(self.id, ending.status),
        }
    }

    async fn listen(&mut self) -> Over {
        let ready_until = Instant::now() + READY_TIME_MAX;
        loop {
            let due = async {
                match &self.recorder {
                    Some(recorder) => recorder.due().await,
                    None => {
                        time::sleep_until(ready_until).await;
                    }
                }
            };
            tokio::select! {
                biased;
                why = self.context.should_end() => return Over::Error(why),
                () = due => match &mut self.recorder {
                    None => return Over::Failed("the provider could not be signed in to in time".to_owned()),
                    Some(recorder) => if let Err(error) = recorder.flush().await {
                        return Over::Error(error);
                    },
                },
                said = self.crew.next() => match said {
                    None if self.crew.is_done() => return Over::Completed,
                    None => return Over::Failed(format!(
                        "its processes died {} times; what was found before is kept", self.crew.deaths
                    )),
                    Some((n, said)) => match self.hear(n, said).await {
                        Ok(()) => {}
                        Err(over) => return over,
                    },
                },
            }
        }
    }

    async fn hear(&mut self, n: usize, said: Said) -> Result<(), Over> {
        match said {
            Said::Log(text) => self.log(&text),
            Said::Ended(End::Killed | End::Died(_)) => self.died(n).await?,
            Said::Ended(End::Broken(what)) => return Err(Over::Failed(what)),
            Said::Ended(End::Well | End::Failed) | Said::Event(Event::Bye) => {}
            Said::Event(Event::Failed { kind, reason, .. }) => {
                return Err(Over::Failed(in_words(kind, &reason)));
            }
            Said::Event(event) => self.event(n, event).await?,
        }
        Ok(())
    }

    async fn event(&mut self, n: usize, event: Event) -> Result<(), Over> {
        if let Event::Ready(ready) = &event {
            if self.recorder.is_none() {
                self.begin(ready).await.map_err(Over::Error)?;
            }
            self.crew.is_ready(n);
            self.crew.hand_out().await;
        }
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        match event {
            Event::CheckStarted { check, .. } => {
                self.crew.check_started(n, &check);
                recorder.check_started(&check);
            }
            Event::Finding(found) => {
                let context = Context {
                    provider: Some(self.prepared.scan.provider.clone()),
                    account: self.account.clone(),
                    seen_at: found.at,
                };
                keep(recorder, &found, &context);
                if recorder.is_full() {
                    recorder.flush().await.map_err(Over::Error)?;
                }
            }
            Event::CheckFinished(checked) => {
                self.crew.check_ended(n, &checked.check);
                recorder.check_ended(ended(checked, None));
            }
            Event::CheckErrored { reason, checked } => {
                self.crew.check_ended(n, &checked.check);
                recorder.check_ended(ended(checked, Some(reason)));
            }
            Event::Ran { .. } => {
                for check in self.crew.ran(n) {
                    recorder.check_ended(unspoken(check, "the engine did not run it"));
                }
                self.crew.hand_out().await;
            }
            Event::Phase { .. } | Event::Ready(_) | Event::Failed { .. } | Event::Bye => {}
        }
        Ok(())
    }

    /// The account is known.
    async fn begin(&mut self, ready: &Ready) -> Result<(), JobError> {
        let Prepared { scan, .. } = self.prepared;
        let account = ready.account.clone().unwrap_or_else(|| scan.provider.clone());
        let key = scope_key(&scan.provider, &account, &scan.scope);
        let mut tx = self.context.begin().await?;
        let scan = match scans::begin(&mut tx, self.id, &ready.engine, &account, key).await? {
            Begun::Yes(scan) => *scan,
            Begun::Over => return Err(JobError::Cancelled),
            Begun::Taken { by } => {
                return Err(JobError::again_after(
                    TAKEN_PAUSE * u32::from(self.context.attempt()),
                    format!("the scan {by} of the same account and scope runs"),
                ));
            }
        };
        if let Some(provider) = scan.provider_id {
            providers::seen(&mut tx, provider, &account).await?;
        }
        tx.commit().await?;
        self.account = Some(account);
        let mut recorder = prepare::resume(self.context, self.prepared, &scan).await?;
        recorder.phase(Phase::Checking);
        self.recorder = Some(recorder);
        Ok(())
    }

    async fn died(&mut self, n: usize) -> Result<(), Over> {
        let running = self.crew.died(n).await.map_err(|error| Over::Failed(error.to_string()))?;
        self.log("custody: a process of the scan was ended from outside\n");
        if let (Some(recorder), Some(check)) = (&mut self.recorder, running) {
            recorder.check_ended(unspoken(check, "its process was ended while it ran"));
        }
        self.crew.hand_out().await;
        Ok(())
    }

    fn log(&mut self, text: &str) {
        if let Some(recorder) = &mut self.recorder {
            recorder.log(text);
        }
    }

    /// Of processes that were ended: what they said before, and not for long.
    async fn last_words(&mut self) {
        let until = Instant::now() + LAST_WORDS;
        while let Ok(Some((n, said))) = time::timeout_at(until, self.crew.next()).await {
            if let Said::Event(
                event @ (Event::Finding(_) | Event::CheckFinished(_) | Event::CheckErrored { .. }),
            ) = said
                && self.event(n, event).await.is_err()
            {
                return;
            }
        }
    }
}

fn keep(recorder: &mut Recorder<'_, ScanServices>, found: &Found, context: &Context) {
    match finding::from_ocsf(found.ocsf.get().as_bytes(), found.evidence, context) {
        Ok(finding) => recorder.finding(finding),
        Err(refused) => recorder.refused(&found.check, &refused.to_string()),
    }
}

fn ended(checked: Checked, error: Option<String>) -> CheckEnd {
    let calls = (!checked.calls.is_empty()).then(|| serde_json::to_string(&checked.calls).ok()).flatten();
    CheckEnd {
        check_id: checked.check,
        duration_ms: checked.duration_ms,
        error,
        calls,
        calls_failed: checked.calls_failed,
        ..CheckEnd::default()
    }
}

fn unspoken(check: String, reason: &str) -> CheckEnd {
    CheckEnd { check_id: check, error: Some(reason.to_owned()), ..CheckEnd::default() }
}

fn in_words(kind: FailureKind, reason: &str) -> String {
    match kind {
        FailureKind::Credentials => format!("the credentials were not taken: {reason}"),
        FailureKind::Expired => format!("the credentials are no longer taken: {reason}"),
        FailureKind::Network => format!("the provider could not be reached: {reason}"),
        FailureKind::Setup | FailureKind::Defect => reason.to_owned(),
    }
}

fn completed() -> Ending {
    Ending { status: ScanStatus::Completed, partial: false, failure: None, progress: String::new() }
}

fn cancelled() -> Ending {
    Ending { status: ScanStatus::Cancelled, partial: true, failure: None, progress: String::new() }
}

fn failed(reason: String) -> Ending {
    Ending { status: ScanStatus::Failed, partial: true, failure: Some(reason), progress: String::new() }
}

async fn fail(context: &OpContext<ScanServices>, id: ScanId, reason: String) -> Result<Done, JobError> {
    end(context, id, &failed(reason)).await?;
    done(id, ScanStatus::Failed)
}

/// Where this attempt has not come to the checks; what those before it have counted stays.
async fn end(context: &OpContext<ScanServices>, id: ScanId, ending: &Ending) -> Result<(), JobError> {
    let mut tx = context.begin().await?;
    let before = match scans::get(&mut tx, id).await {
        Err(StoreError::NotFound) => return Ok(()),
        scan => scan?.progress,
    };
    let progress = Progress { phase: Phase::Done, ..Progress::read(&before) }.to_json();
    scans::end(&mut tx, id, &Ending { progress, ..ending.clone() }).await?;
    Ok(tx.commit().await?)
}

fn done(id: ScanId, status: ScanStatus) -> Result<Done, JobError> {
    Done::with(&json!({"scan_id": id, "status": status}))
}
