//! `PUT /api/v1/schedules/{name}`

use axum::{
    Json as Answer,
    extract::{Path, State},
};
use custody_auth::op;
use custody_domain::ProviderId;
use custody_queue::{
    Job as _,
    schedules::{Times, TimingError},
};
use custody_scans::{Request, ScansError, Wish, job::ScheduledScan};
use custody_store::schedules::{self, Asks, IfRunning, Timing};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::list::ScheduleBody;
use crate::{
    App, Permit,
    extract::Json,
    problem::{Fault, Kind, Problem, ProblemBody},
    routes::scans::create::{ScopeBody, by_name},
};

const JITTER_SECONDS_MAX: u32 = 86_400;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "cron": "0 3 * * *", "time_zone": "Europe/Berlin",
    "scan": {"provider_id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f", "scope": {"severities": ["critical", "high"]}},
}))]
pub(crate) struct NewSchedule {
    /// Five fields, or six with seconds first.
    cron: String,
    /// A name of the IANA database; UTC if not given.
    time_zone: Option<String>,
    /// Each scan begins up to so much later, by chance.
    #[schema(maximum = 86400)]
    jitter_seconds: Option<u32>,
    /// `true` if not given.
    enabled: Option<bool>,
    scan: ScheduledBody,
}

/// The scan that is asked for each time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduledScan)]
pub(crate) struct ScheduledBody {
    /// A connected account.
    #[schema(value_type = uuid::Uuid)]
    provider_id: ProviderId,
    /// What to call the scans; the schedule's name if not given.
    name: Option<String>,
    #[serde(default, deserialize_with = "by_name")]
    scope: Option<ScopeBody>,
    #[schema(minimum = 1, maximum = 16)]
    parallelism: Option<u16>,
}

/// Set a schedule of scans
///
/// New, or in the place of one of the same name. A firing that finds the scan before it running is skipped.
#[utoipa::path(
    put, path = "/api/v1/schedules/{name}", operation_id = "setSchedule", tag = "scans",
    params(("name" = String, Path, description = "Small letters, digits, `.`, `_`, `-`; at most 60, a letter first.")),
    request_body = NewSchedule,
    responses(
        (status = 200, description = "As it is kept.", body = ScheduleBody),
        (status = 409, description = "The name is another kind's.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_schedule(
    permit: Permit<op::SetSchedule>,
    State(app): State<App>,
    Path(name): Path<String>,
    Json(new): Json<NewSchedule>,
) -> Result<Answer<ScheduleBody>, Problem> {
    let timing = Timing { cron: new.cron, time_zone: new.time_zone.unwrap_or_else(|| "UTC".to_owned()) };
    let mut faults = Vec::new();
    if !is_name(&name) {
        faults.push(Fault::parameter(
            "name",
            "must be small letters, digits, `.`, `_`, `-`, a letter first; at most 60",
        ));
    }
    if let Err(error) = Times::of(&timing) {
        let pointer = if matches!(error, TimingError::Zone(_)) { "/time_zone" } else { "/cron" };
        faults.push(Fault::at(pointer, error.to_string()));
    }
    let jitter_seconds = new.jitter_seconds.unwrap_or(0);
    if jitter_seconds > JITTER_SECONDS_MAX {
        faults.push(Fault::at("/jitter_seconds", format!("at most {JITTER_SECONDS_MAX}")));
    }
    let parallelism = new.scan.parallelism.unwrap_or(1);
    if !(1..=16).contains(&parallelism) {
        faults.push(Fault::at("/scan/parallelism", "must be from 1 to 16"));
    }
    if !faults.is_empty() {
        return Err(Problem::new(Kind::Invalid, "The schedule cannot be taken.").faults(faults));
    }
    let scan = ScheduledScan {
        name: new.scan.name.unwrap_or_else(|| name.clone()),
        connection: new.scan.provider_id,
        wish: Wish { scope: new.scan.scope.unwrap_or_default().into(), demo: false },
        parallelism,
    };
    // What cannot be scanned now is told now.
    let request =
        Request { connection: Some(scan.connection), wish: scan.wish.clone(), ..Request::default() };
    app.scans.plan(&permit, &request).await.map_err(within_scan)?;
    let asks = Asks {
        kind: ScheduledScan::KIND.to_owned(),
        payload: serde_json::to_string(&scan).map_err(Problem::internal)?,
        version: ScheduledScan::VERSION,
        priority: 0,
        jitter_seconds,
        each_tenant: false,
        if_running: IfRunning::Skip,
    };
    let shown = json!({"provider_id": scan.connection, "scope": scan.wish.scope, "parallelism": parallelism});
    let enabled = new.enabled.unwrap_or(true);
    let set = schedules::set(&app.store, &permit, &name, (&timing, &asks), enabled, shown).await?;
    Ok(Answer(set.into()))
}

/// What is wrong with the scan, where this body has it.
fn within_scan(error: ScansError) -> ScansError {
    let ScansError::Invalid(mut faults) = error else { return error };
    for fault in &mut faults {
        fault.pointer.insert_str(0, "/scan");
    }
    ScansError::Invalid(faults)
}

/// As the table has them.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 60
        && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.' | '-'))
}
