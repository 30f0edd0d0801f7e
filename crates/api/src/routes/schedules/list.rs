//! `GET /api/v1/schedules`

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_domain::ProviderId;
use custody_queue::Job as _;
use custody_scans::{Scope, job::ScheduledScan};
use custody_store::schedules::{self, Schedule};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// A job that is asked for by the clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleBody {
    name: String,
    /// Of the jobs.
    kind: String,
    /// What is scanned each time; null for jobs of other kinds.
    scan: Option<ScheduledScanBody>,
    /// Five fields, or six with seconds first, in this time zone.
    cron: String,
    time_zone: String,
    /// Each job runs up to so much later, by chance.
    jitter_seconds: u32,
    /// Whether each tenant has a job of its own.
    each_tenant: bool,
    /// What becomes of a firing whose last job has not ended: `skip` or `wait`.
    if_running: &'static str,
    priority: i16,
    enabled: bool,
    /// Since when the program has it no more; null for one that it has.
    retired_at: Option<DateTime<Utc>>,
    /// Null where it is not due any more.
    next_at: Option<DateTime<Utc>>,
    /// The due time that was fired last, and when it was.
    last_due_at: Option<DateTime<Utc>>,
    last_fired_at: Option<DateTime<Utc>>,
    /// Jobs that it asked for.
    fired: u64,
    /// Jobs that it did not ask for, because the one before had not ended.
    skipped: u64,
    /// Why it cannot be fired; null where it can.
    failure: Option<ScheduleFailure>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// As it was set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScanOfSchedule)]
pub(crate) struct ScheduledScanBody {
    #[schema(value_type = uuid::Uuid)]
    provider_id: ProviderId,
    /// What the scans are called.
    name: String,
    /// What is looked at. What is not given is not narrowed.
    #[schema(value_type = Object)]
    scope: Scope,
    parallelism: u16,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleFailure {
    reason: String,
    at: DateTime<Utc>,
}

/// List the schedules
///
/// The tenant's own. Those of the installation belong to the operators' tenant.
#[utoipa::path(
    get, path = "/api/v1/schedules", operation_id = "listSchedules", tag = "jobs",
    params(PageParameters),
    responses((status = 200, description = "A page of schedules, by name.", body = Page<ScheduleBody>))
)]
pub(crate) async fn list_schedules(
    permit: Permit<op::ListSchedules>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let (limit, after) = parameters.bounds_by(name_in)?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let found = schedules::page(&mut tx, after.as_deref().unwrap_or_default(), u32::from(limit) + 1).await?;
    tx.commit().await?;
    Ok(Page::cut(found, limit, |schedule| schedule.name.clone()).map(ScheduleBody::from).answer(&uri))
}

/// A schedule's name is text: so is the key of this list.
fn name_in(key: &[u8]) -> Option<String> {
    // PostgreSQL's text has no NUL.
    str::from_utf8(key).ok().map(str::to_owned).filter(|name| !name.contains('\0'))
}

impl ScheduledScanBody {
    fn of(schedule: &Schedule) -> Option<Self> {
        if schedule.kind != ScheduledScan::KIND {
            return None;
        }
        let scan: ScheduledScan = serde_json::from_str(&schedule.payload).ok()?;
        let ScheduledScan { name, connection, wish, parallelism } = scan;
        Some(Self { provider_id: connection, name, scope: wish.scope, parallelism })
    }
}

impl From<Schedule> for ScheduleBody {
    fn from(schedule: Schedule) -> Self {
        Self {
            scan: ScheduledScanBody::of(&schedule),
            name: schedule.name,
            kind: schedule.kind,
            cron: schedule.timing.cron,
            time_zone: schedule.timing.time_zone,
            jitter_seconds: schedule.jitter_seconds,
            each_tenant: schedule.each_tenant,
            if_running: schedule.if_running.as_str(),
            priority: schedule.priority,
            enabled: schedule.enabled,
            retired_at: schedule.retired_at,
            next_at: schedule.next_at,
            last_due_at: schedule.last_due_at,
            last_fired_at: schedule.last_fired_at,
            fired: schedule.fired,
            skipped: schedule.skipped,
            failure: schedule.failure.map(|(reason, at)| ScheduleFailure { reason, at }),
            created_at: schedule.created_at,
            updated_at: schedule.updated_at,
        }
    }
}
