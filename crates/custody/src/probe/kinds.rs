//! The kinds of probe, and how one runs.

use std::{io::Write as _, path::PathBuf, time::Duration};

use custody_objects::{Objects, PutOptions, layout};
use custody_queue::{Backoff, Done, IfTaken, Job, JobError, Kinds, Limits, OpContext, Options, enqueue};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::act::Act;

/// What is to be done, one act after another; the first that fails ends it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Probe {
    pub(super) acts: Vec<Act>,
    /// Each attempt writes two lines to the end of this file: `JOB ATTEMPT TOKEN begun`, and, if it comes
    /// to its end, `… ended`.
    pub(super) trace: Option<PathBuf>,
}

/// What an effect is: it is never due.
#[derive(Debug, Serialize, Deserialize)]
struct Effect;

impl Job for Effect {
    const KIND: &'static str = "probe.effect";
    type Services = ();

    async fn run(&self, _: &OpContext<()>) -> Result<Done, JobError> {
        Ok(Done::nothing())
    }
}

const NEVER: Duration = Duration::from_hours(24 * 365);

const QUICK: Limits = Limits {
    run_time_max: Duration::from_mins(1),
    attempts_max: 3,
    leaves_files: true,
    backoff: Backoff { first: Duration::from_millis(50), most: Duration::from_millis(200) },
    ..Limits::DEFAULT
};

/// Kinds that differ in their limits alone.
macro_rules! kinds {
    ($($name:ident = $kind:literal, $limits:expr;)*) => {
        $(
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(transparent)]
            struct $name(Probe);

            impl Job for $name {
                const KIND: &'static str = $kind;
                const LIMITS: Limits = $limits;
                type Services = Objects;

                async fn run(&self, context: &OpContext<Objects>) -> Result<Done, JobError> {
                    self.0.run(context).await
                }
            }
        )*

        /// Adds them all.
        pub(crate) fn add_to(kinds: Kinds, objects: &Objects) -> Kinds {
            kinds.with::<Effect>(())$(.with::<$name>(objects.clone()))*
        }
    };
}

kinds! {
    // Three attempts, soon after each other.
    Plain = "probe", QUICK;
    // An attempt has one second.
    Short = "probe.short", Limits { run_time_max: Duration::from_secs(1), ..QUICK };
    OfOne = "probe.one", Limits { installation_max: Some(1), wait_max: Duration::from_secs(1), ..QUICK };
    OfTwoEach = "probe.two_each", Limits { tenant_max: Some(2), wait_max: Duration::from_secs(1), ..QUICK };
    // /readyz misses it after a second.
    Urgent = "probe.urgent", Limits { wait_max: Duration::from_secs(1), ..QUICK };
    // In a process of its own, with 192 MiB and 3 s.
    Isolated = "probe.isolated", Limits {
        run_time_max: Duration::from_secs(3), memory_bytes_max: Some(192 << 20), ..QUICK
    };
    // The same, with time enough on a busy machine.
    Apart = "probe.apart", Limits {
        run_time_max: Duration::from_mins(1), memory_bytes_max: Some(192 << 20), ..QUICK
    };
    // Its result is kept for a second.
    Forgotten = "probe.forgotten", Limits { result_kept: Duration::from_secs(1), ..QUICK };
}

impl Probe {
    async fn run(&self, context: &OpContext<Objects>) -> Result<Done, JobError> {
        self.trace(context, "begun")?;
        let mut done = Done::nothing();
        for act in &self.acts {
            if let Some(answer) = once(act, context).await? {
                done = answer;
            }
        }
        self.trace(context, "ended")?;
        Ok(done)
    }

    fn trace(&self, context: &OpContext<Objects>, what: &str) -> Result<(), JobError> {
        let Some(path) = &self.trace else { return Ok(()) };
        let (job, attempt, token) = (context.job_id(), context.attempt(), context.fencing_token());
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        // One write: lines of several processes stay whole.
        file.and_then(|mut file| file.write_all(format!("{job} {attempt} {token} {what}\n").as_bytes()))
            .map_err(JobError::defect)
    }
}

#[expect(clippy::panic, reason = "as it was asked")]
async fn once(act: &Act, context: &OpContext<Objects>) -> Result<Option<Done>, JobError> {
    match act {
        Act::Answer(text) => return Done::with(text).map(Some),
        Act::Sleep(ms) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Act::Gate(file) => {
            while !file.exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Act::Fail(times) if context.attempt() <= *times => return Err(JobError::again("as it was asked")),
        Act::Nothing | Act::Fail(_) => {}
        Act::Fatal => return Err(JobError::fatal("it never will")),
        Act::Panic => panic!("as it was asked"),
        Act::Hang => std::future::pending().await,
        Act::Block => loop {
            std::thread::park();
        },
        Act::Abort => std::process::abort(),
        Act::Exhaust(mib) => exhaust(*mib),
        Act::Babble => loop {
            std::io::stdout().write_all(&[b'a'; 4096]).map_err(JobError::defect)?;
        },
        Act::Obey => return Err(context.should_end().await),
        Act::Progress(steps) => progress(*steps, context).await,
        Act::Effect => {
            effect(format!("{}/{}", context.job_id(), context.fencing_token()), IfTaken::Refuse, context)
                .await?;
        }
        Act::Once => effect(context.job_id().to_string(), IfTaken::Drop, context).await?,
        Act::File(name, bytes) => file(name, *bytes, context).await?,
    }
    Ok(None)
}

async fn file(name: &str, bytes: usize, context: &OpContext<Objects>) -> Result<(), JobError> {
    let pattern: Vec<u8> = (0..=250).cycle().take(bytes).collect();
    let put = async {
        let key = layout::job_file(context.scope(), context.job_id(), name)?;
        context.services().put(&key, pattern.into(), PutOptions::default()).await
    };
    put.await.map(drop).map_err(|error| JobError::again(error.to_string()))
}

/// Touched, or the system would only promise it.
fn exhaust(mib: usize) {
    let taken: Vec<Vec<u8>> = (0..mib).map(|_| vec![1; 1 << 20]).collect();
    std::hint::black_box(&taken);
}

async fn progress(steps: u64, context: &OpContext<Objects>) {
    for step in 1..=steps {
        context.progress(&json!({"done": step, "total": steps}));
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
}

async fn effect(key: String, if_taken: IfTaken, context: &OpContext<Objects>) -> Result<(), JobError> {
    let options = Options { delay: NEVER, unique: Some((key, if_taken)), ..Options::default() };
    let mut tx = context.begin().await?;
    enqueue(&mut tx, context.scope(), &Effect, options).await?;
    tx.commit().await?;
    Ok(())
}
