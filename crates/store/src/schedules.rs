//! The tables `schedules` and `schedule_firings`: jobs that are asked for by the clock, which is the
//! database's.
//!
//! What a cron means is not known here: [`review`] hands out what the next time is made from, and takes
//! the answer.

mod declare;
mod fire;
mod list;
mod review;
mod run;
mod set;
mod switch;

use custody_domain::TenantId;
use sqlx::{Row as _, postgres::PgRow};

use crate::StoreError;

pub use declare::{Declared, declare};
pub use fire::{Due, Fired, begin_due, sweep};
pub use list::{Schedule, page};
pub use review::{due_in, review};
pub use run::run_now;
pub use set::{delete, set};
pub use switch::switch;

/// One schedule of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScheduleId {
    pub tenant: TenantId,
    pub name: String,
}

/// What becomes of a firing whose last job has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfRunning {
    /// It is skipped.
    Skip,
    /// It runs after that one; of those that wait there is one.
    Wait,
}

impl IfRunning {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Wait => "wait",
        }
    }

    fn of(text: &str) -> Self {
        if text == "wait" { Self::Wait } else { Self::Skip }
    }
}

/// When a schedule is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    pub cron: String,
    pub time_zone: String,
}

/// The job that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    pub kind: String,
    pub payload: String,
    pub version: u16,
    pub priority: i16,
    pub jitter_seconds: u32,
    pub each_tenant: bool,
    pub if_running: IfRunning,
}

const TIMING: &str = "tenant_id, name, cron, time_zone";
const ASKS: &str = "kind, payload, payload_version, priority, jitter_seconds, each_tenant, if_running";

fn id(row: &PgRow) -> Result<ScheduleId, StoreError> {
    Ok(ScheduleId { tenant: TenantId(row.try_get("tenant_id")?), name: row.try_get("name")? })
}

fn timing(row: &PgRow) -> Result<Timing, StoreError> {
    Ok(Timing { cron: row.try_get("cron")?, time_zone: row.try_get("time_zone")? })
}

fn asks(row: &PgRow) -> Result<Asks, StoreError> {
    Ok(Asks {
        kind: row.try_get("kind")?,
        payload: row.try_get("payload")?,
        version: u16::try_from(row.try_get::<i16, _>("payload_version")?).unwrap_or(1),
        priority: row.try_get("priority")?,
        jitter_seconds: u32::try_from(row.try_get::<i32, _>("jitter_seconds")?).unwrap_or(0),
        each_tenant: row.try_get("each_tenant")?,
        if_running: IfRunning::of(row.try_get("if_running")?),
    })
}

/// What the column takes.
fn clip(failure: &str) -> String {
    let failure = if failure.is_empty() { "it gave no reason" } else { failure };
    failure.chars().filter(|c| *c != '\0').take(500).collect()
}
