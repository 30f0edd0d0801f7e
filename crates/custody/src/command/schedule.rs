//! `custody schedule`

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use custody_domain::TenantId;
use custody_queue::{Kinds, schedules::run_now};
use custody_store::{
    StoreError,
    announcements::{Channel, announce},
    schedules::{self, Schedule},
};
use serde_json::json;

use super::{Console, table};
use crate::{
    config::Config,
    installation::{self, Installation},
};

/// Of one installation.
const SCHEDULES_MAX: u32 = 10_000;

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Lists the installation's schedules.
    List,
    /// Asks for a schedule's jobs now, whenever it is due. A server that works runs them.
    Run { name: String },
    /// Switches a schedule on again. What it missed is not caught up.
    Enable { name: String },
    /// Switches a schedule off.
    Disable { name: String },
}

impl ScheduleCommand {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        match self {
            Self::List => list(config, console).await?,
            Self::Run { name } => run(config, console, &name).await?,
            Self::Enable { name } => switch(config, console, &name, true).await?,
            Self::Disable { name } => switch(config, console, &name, false).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(config: &Config, console: Console) -> anyhow::Result<()> {
    let schedules = installation::with(config, async |installation| {
        let scope = installation.authority.scope(TenantId::RESERVED, "command line");
        let mut tx = installation.store.tenant_tx(&scope).await?;
        let schedules = schedules::page(&mut tx, "", SCHEDULES_MAX).await?;
        tx.commit().await?;
        Ok(schedules)
    })
    .await?;
    let value: Vec<_> = schedules
        .iter()
        .map(|s| {
            json!({"name": s.name, "kind": s.kind, "cron": s.timing.cron, "time_zone": s.timing.time_zone,
                "enabled": s.enabled, "retired_at": s.retired_at, "next_at": s.next_at,
                "last_due_at": s.last_due_at, "fired": s.fired, "skipped": s.skipped,
                "failure": s.failure.as_ref().map(|(reason, _)| reason)})
        })
        .collect();
    console.answer(&value, || {
        let rows: Vec<_> = schedules.iter().map(row).collect();
        table(&["NAME", "CRON", "ZONE", "NEXT", "LAST", "FIRED", "SKIPPED", "STATE"], &rows)
    })
}

fn row(schedule: &Schedule) -> Vec<String> {
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
    };
    let state = match schedule {
        Schedule { retired_at: Some(_), .. } => "retired".to_owned(),
        Schedule { enabled: false, .. } => "off".to_owned(),
        Schedule { failure: Some((reason, _)), .. } => format!("failing: {reason}"),
        _ => "on".to_owned(),
    };
    vec![
        schedule.name.clone(),
        schedule.timing.cron.clone(),
        schedule.timing.time_zone.clone(),
        time(schedule.next_at),
        time(schedule.last_due_at),
        schedule.fired.to_string(),
        schedule.skipped.to_string(),
        state,
    ]
}

async fn run(config: &Config, console: Console, name: &str) -> anyhow::Result<()> {
    let fired = installation::with(config, async |installation| {
        let scope = installation.authority.scope(TenantId::RESERVED, "command line");
        let fired = run_now(&installation.store, &scope, &Kinds::new(), name).await;
        let fired = fired.map_err(|error| match error {
            custody_queue::EnqueueError::Store(StoreError::NotFound) => none_of(name),
            error => error.into(),
        })?;
        tell(installation, Channel::JobsWait).await;
        Ok(fired)
    })
    .await?;
    console.answer(&json!({"jobs": fired.jobs, "unfinished": fired.skipped}), || {
        let unfinished = match fired.skipped {
            0 => String::new(),
            n => format!("; {n} asked for before have not ended yet"),
        };
        format!("asked for {} {}{unfinished}", fired.jobs, if fired.jobs == 1 { "job" } else { "jobs" })
    })
}

async fn switch(config: &Config, console: Console, name: &str, on: bool) -> anyhow::Result<()> {
    installation::with(config, async |installation| {
        let scope = installation.authority.scope(TenantId::RESERVED, "command line");
        match schedules::switch(&installation.store, &scope, name, on).await {
            Err(StoreError::NotFound) => bail!(none_of(name)),
            switched => switched.context("the schedule was not switched")?,
        }
        tell(installation, Channel::SchedulesChanged).await;
        Ok(())
    })
    .await?;
    console.answer(&json!({"name": name, "enabled": on}), || {
        format!("the schedule {name} is {}", if on { "on" } else { "off" })
    })
}

fn none_of(name: &str) -> anyhow::Error {
    anyhow::anyhow!("there is no schedule {name:?}; `custody schedule list` shows those that there are")
}

/// A server that does not hear it looks by itself before long.
async fn tell(installation: &Installation, channel: Channel) {
    if let Err(error) = announce(&installation.store, channel).await {
        tracing::debug!(%error, "not announced");
    }
}
