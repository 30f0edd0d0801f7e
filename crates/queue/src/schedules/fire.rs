//! Firing what is due.

use std::time::Duration;

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_store::{
    Store, StoreError, SystemTx,
    jobs::{self, EnqueueError, Enqueued, IfTaken, NewJob},
    schedules::{self, Asks, Due, Fired, IfRunning, ScheduleId},
};

use super::{Times, TimingError};
use crate::{Kinds, Limits};

/// Who asked for a job, in its `created_by`.
const BY: &str = "system:schedule";

/// Why a schedule was not fired.
#[derive(Debug, thiserror::Error)]
enum Unfired {
    #[error(transparent)]
    Timing(#[from] TimingError),
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
}

impl From<StoreError> for Unfired {
    fn from(error: StoreError) -> Self {
        Self::Enqueue(error.into())
    }
}

/// Fires all schedules that are due and that no other process has in hand. Answers how many due times.
pub async fn fire_due(store: &Store, kinds: &Kinds) -> Result<u64, StoreError> {
    let mut fired = 0;
    while let Some(due) = schedules::begin_due(store).await? {
        fired += u64::from(one(store, kinds, due).await?);
    }
    Ok(fired)
}

/// Asks for a schedule's jobs now, beside its due times. One that is unfinished stands for a new one.
pub async fn run_now(store: &Store, scope: &Scope, kinds: &Kinds, name: &str) -> Result<Fired, EnqueueError> {
    let (mut tx, id, asks) = schedules::run_now(store, scope, name).await?;
    // A person who asks waits for it.
    let asks = Asks { jitter_seconds: 0, ..asks };
    let fired = ask(&mut tx, &id, &asks, kinds).await?;
    tx.commit().await?;
    Ok(fired)
}

async fn one(store: &Store, kinds: &Kinds, mut due: Due) -> Result<bool, StoreError> {
    let (next, reason) = match fire(&mut due, kinds).await {
        Ok((fired, next)) => {
            if let Some((at, fired)) = fired {
                let name = &due.id.name;
                tracing::debug!(schedule = name, due = %at, jobs = fired.jobs, skipped = fired.skipped, "fired");
                metrics::counter!("custody_schedules_fired_total").increment(1);
            }
            due.commit(fired, next).await?;
            return Ok(fired.is_some());
        }
        // Another time it will do; the row is as it was.
        Err(Unfired::Enqueue(EnqueueError::Store(error))) if error.is_unavailable() => return Err(error),
        Err(Unfired::Timing(error)) => (None, error.to_string()),
        Err(Unfired::Enqueue(error)) => {
            let next = Times::of(&due.timing).and_then(|times| times.after(due.now)).ok();
            (next, error.to_string())
        }
    };
    tracing::error!(schedule = due.id.name, tenant.id = %due.id.tenant, reason, "a schedule cannot be fired");
    metrics::counter!("custody_schedules_failed_total").increment(1);
    due.fail(store, &reason, next).await?;
    Ok(false)
}

/// What was fired, if it was not before, and when it is due next.
async fn fire(
    due: &mut Due,
    kinds: &Kinds,
) -> Result<(Option<(DateTime<Utc>, Fired)>, DateTime<Utc>), Unfired> {
    let times = Times::of(&due.timing)?;
    let next = times.after(due.now)?;
    // Those that were missed are caught up by the last of them.
    let at = times.until(due.now).filter(|at| *at > due.next_at).unwrap_or(due.next_at);
    if !due.take(at).await? {
        return Ok((None, next));
    }
    let (id, asks) = (due.id.clone(), due.asks.clone());
    let fired = ask(due.tx(), &id, &asks, kinds).await?;
    Ok((Some((at, fired)), next))
}

async fn ask(tx: &mut SystemTx, id: &ScheduleId, asks: &Asks, kinds: &Kinds) -> Result<Fired, EnqueueError> {
    let if_taken = match asks.if_running {
        IfRunning::Skip => IfTaken::Drop,
        IfRunning::Wait => IfTaken::WaitAlone,
    };
    let jitter = Duration::from_secs(asks.jitter_seconds.into());
    let delay = || jitter.mul_f64(rand::random());
    let job = NewJob {
        kind: asks.kind.clone().into(),
        version: asks.version,
        payload: asks.payload.clone(),
        delay: delay(),
        priority: asks.priority,
        attempts_max: kinds.limits(&asks.kind).unwrap_or(Limits::DEFAULT).attempts_max,
        unique: Some((format!("schedule:{}", id.name), if_taken)),
    };
    if asks.each_tenant {
        let (jobs, skipped) = jobs::enqueue_in_each_tenant(tx, BY, &job, delay).await?;
        return Ok(Fired { jobs, skipped });
    }
    Ok(match jobs::enqueue_for_system(tx, id.tenant, BY, &job).await? {
        Enqueued::New(_) => Fired { jobs: 1, skipped: 0 },
        Enqueued::Already(_) => Fired { jobs: 0, skipped: 1 },
    })
}
