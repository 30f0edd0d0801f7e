//! Kinds of job that do what a test wants of them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use custody_queue::{Backoff, Done, Job, JobError, Kinds, Limits, OpContext, Options, enqueue};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// What its handlers saw, and what holds them.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Inner>);

struct Inner {
    begun: Mutex<Vec<(String, Uuid)>>,
    running: AtomicUsize,
    running_most: AtomicUsize,
    gate: Semaphore,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            begun: Mutex::default(),
            running: AtomicUsize::new(0),
            running_most: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        }
    }
}

impl Watch {
    /// The names of the attempts, in the order in which they began.
    pub(crate) fn begun(&self) -> Vec<String> {
        self.0.begun.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    pub(crate) fn running_most(&self) -> usize {
        self.0.running_most.load(Ordering::SeqCst)
    }

    /// Lets so many pass that wait for it.
    pub(crate) fn open(&self, many: usize) {
        self.0.gate.add_permits(many);
    }
}

/// One probe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Probe {
    pub(crate) name: String,
    pub(crate) act: Act,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Act {
    Nothing,
    /// Answers with this.
    Answer(String),
    /// Waits until the test opens the gate.
    Gate,
    /// As `Gate`, and then writes an effect.
    GateThenEffect,
    /// Writes an effect at once.
    Effect,
    /// Fails at the first attempts, so many.
    Fail(u16),
    Fatal,
    Panic,
    /// Waits for ever, and hears nothing.
    Hang,
    /// Waits until it is told to end.
    Obey,
    Progress(u64),
}

impl Probe {
    pub(crate) fn new(name: impl Into<String>, act: Act) -> Self {
        Self { name: name.into(), act }
    }
}

/// What a handler leaves: a job of this kind, which nobody runs. The database takes it from any
/// transaction of the tenant's.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Effect;

impl Job for Effect {
    const KIND: &'static str = "effect";
    type Services = ();

    async fn run(&self, _: &OpContext<()>) -> Result<Done, JobError> {
        Ok(Done::nothing())
    }
}

pub(crate) const QUICK: Limits = Limits {
    run_time_max: Duration::from_mins(1),
    attempts_max: 3,
    backoff: Backoff { first: Duration::from_millis(50), most: Duration::from_millis(200) },
    ..Limits::DEFAULT
};

/// Kinds that differ in their limits alone.
macro_rules! kinds {
    ($($name:ident = $kind:literal, $limits:expr;)*) => {$(
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) Probe);

        impl Job for $name {
            const KIND: &'static str = $kind;
            const LIMITS: Limits = $limits;
            type Services = Watch;

            async fn run(&self, context: &OpContext<Watch>) -> Result<Done, JobError> {
                run(&self.0, context).await
            }
        }
    )*};
}

kinds! {
    Plain = "probe.plain", QUICK;
    Long = "probe.long", Limits { run_time_max: Duration::from_mins(1), ..QUICK };
    Short = "probe.short", Limits { run_time_max: Duration::from_millis(300), ..QUICK };
    OfOne = "probe.one", Limits { installation_max: Some(1), ..QUICK };
    OfTwoEach = "probe.two_each", Limits { tenant_max: Some(2), ..QUICK };
    Forgotten = "probe.forgotten", Limits { result_kept: Duration::from_millis(1), ..QUICK };
}

/// All kinds but `effect`.
pub(crate) fn kinds(watch: &Watch) -> Kinds {
    let w = || watch.clone();
    Kinds::new()
        .with::<Plain>(w())
        .with::<Long>(w())
        .with::<Short>(w())
        .with::<OfOne>(w())
        .with::<OfTwoEach>(w())
        .with::<Forgotten>(w())
}

async fn run(probe: &Probe, context: &OpContext<Watch>) -> Result<Done, JobError> {
    let watch = &context.services().0;
    watch.begun.lock().unwrap().push((probe.name.clone(), context.job_id()));
    let now = watch.running.fetch_add(1, Ordering::SeqCst) + 1;
    watch.running_most.fetch_max(now, Ordering::SeqCst);
    let _guard = Less(watch);
    act(probe, context).await
}

struct Less<'a>(&'a Inner);

impl Drop for Less<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn act(probe: &Probe, context: &OpContext<Watch>) -> Result<Done, JobError> {
    let gate = &context.services().0.gate;
    match &probe.act {
        Act::Answer(text) => Done::with(text),
        Act::Gate => {
            gate.acquire().await.unwrap().forget();
            Ok(Done::nothing())
        }
        Act::GateThenEffect => {
            gate.acquire().await.unwrap().forget();
            effect(context).await
        }
        Act::Effect => effect(context).await,
        Act::Fail(times) if context.attempt() <= *times => Err(JobError::again("as it was asked")),
        Act::Nothing | Act::Fail(_) => Ok(Done::nothing()),
        Act::Fatal => Err(JobError::fatal("never will")),
        Act::Panic => panic!("as it was asked"),
        Act::Hang => std::future::pending().await,
        Act::Obey => Err(context.should_end().await),
        Act::Progress(steps) => {
            for step in 1..=*steps {
                context.progress(&serde_json::json!({"done": step, "total": steps}));
                tokio::task::yield_now().await;
            }
            Ok(Done::nothing())
        }
    }
}

async fn effect(context: &OpContext<Watch>) -> Result<Done, JobError> {
    let mut tx = context.begin().await?;
    enqueue(&mut tx, context.scope(), &Effect, Options::default()).await?;
    tx.commit().await?;
    Ok(Done::nothing())
}
