//! What a scan needs before its processes are started: its order, its credentials, its checks.

use std::collections::{BTreeMap, HashMap};

use custody_auth::Scope as Who;
use custody_domain::{CheckStatus, FindingSeverity, ScanId};
use custody_queue::{JobError, OpContext};
use custody_store::{
    StoreError,
    findings::{self, ScanRef},
    providers::{self, Connection},
    scans::{
        self, Scan,
        checks::{self, PlannedCheck},
    },
    tenant_checks::{self, TenantCheck},
};
use serde_json::Value;

use super::{ScanServices, recorder::Recorder};
use crate::{
    Given, Progress, ScansError, Wish,
    connections::{self, Owner},
    demo::{Demo, DemoOrder},
    driver::{Launch, Network, Order},
    given::in_words,
};

pub(super) struct Prepared {
    pub(super) scan: Scan,
    pub(super) launch: Launch,
    pub(super) order: Order,
    /// Those that have not ended.
    pub(super) checks: Vec<PlannedCheck>,
    pub(super) parallelism: u16,
    /// The emulated account, for as long as it is scanned.
    pub(super) _demo: Option<Demo>,
}

/// None: it is over already. An error within: no worker could do better.
pub(super) async fn prepare(
    context: &OpContext<ScanServices>,
    id: ScanId,
) -> Result<Option<Result<Prepared, String>>, JobError> {
    let Some(kept) = read(context, id).await? else { return Ok(None) };
    match made_of(context, kept).await {
        Ok(prepared) => Ok(Some(Ok(prepared))),
        Err(Unprepared::Never(reason)) => Ok(Some(Err(reason))),
        Err(Unprepared::Now(error)) => Err(error),
    }
}

/// Why it cannot be begun.
enum Unprepared {
    /// In words: by no worker.
    Never(String),
    Now(JobError),
}

impl From<JobError> for Unprepared {
    fn from(error: JobError) -> Self {
        Self::Now(error)
    }
}

/// Whose credentials it uses.
enum Account {
    Own,
    /// With its credentials, sealed.
    Connected(Box<Connection>, Option<Vec<u8>>),
    /// It was connected.
    Gone,
}

/// What the database has of it.
struct Kept {
    scan: Scan,
    sealed: Option<Vec<u8>>,
    account: Account,
    own: Vec<TenantCheck>,
    is_planned: bool,
    left: Vec<PlannedCheck>,
}

async fn read(context: &OpContext<ScanServices>, id: ScanId) -> Result<Option<Kept>, JobError> {
    let mut tx = context.begin().await?;
    let scan = match scans::get(&mut tx, id).await {
        Err(StoreError::NotFound) => return Ok(None),
        scan => scan?,
    };
    if scan.status.has_ended() {
        return Ok(None);
    }
    let account = match scan.provider_id {
        None => Account::Own,
        Some(provider) => match providers::get(&mut tx, provider).await {
            Err(StoreError::NotFound) => Account::Gone,
            found => Account::Connected(Box::new(found?), providers::credentials(&mut tx, provider).await?),
        },
    };
    let kept = Kept {
        sealed: scans::credentials(&mut tx, id).await?,
        account,
        own: tenant_checks::of_provider(&mut tx, &scan.provider).await?,
        is_planned: !checks::count(&mut tx, id).await?.is_empty(),
        left: checks::remaining(&mut tx, id).await?,
        scan,
    };
    tx.commit().await?;
    Ok(Some(kept))
}

async fn made_of(context: &OpContext<ScanServices>, kept: Kept) -> Result<Prepared, Unprepared> {
    let services = context.services();
    let Kept { scan, sealed, account, own, is_planned, left } = kept;
    let launch = services.engine.launch().await.map_err(Unprepared::Never)?;
    let wish: Wish =
        serde_json::from_str(&scan.scope).map_err(|error| Unprepared::Now(JobError::defect(error)))?;
    let checks = if is_planned { left } else { planned(services, &scan, &wish, &own).await? };
    let mut given = given(services, context.scope(), &scan, sealed, account).await?;
    let mut allow_local = services.policy.network.allow_local;
    let mut demo = None;
    if wish.demo {
        let account = Demo::start(&launch, &DemoOrder::default()).await;
        let account = account.map_err(|error| Unprepared::Never(error.to_string()))?;
        given = emulated(&account);
        allow_local = true;
        demo = Some(account);
    }
    if !wish.scope.regions.is_empty() {
        given.settings.insert("regions".to_owned(), wish.scope.regions.clone().into());
    }
    if let Some(profile_file) = services.engine.profile_file(&given) {
        given.settings.insert("profile_file".to_owned(), Value::String(profile_file));
    }
    let order = Order {
        provider: scan.provider.clone(),
        credentials: given.credentials,
        settings: given.settings,
        network: Network { allow_local },
        memory_bytes: services.engine.memory_bytes,
        checks: checks.iter().map(|check| check.check_id.clone()).collect(),
        scan_id: Some(scan.id.0),
    };
    Ok(Prepared { parallelism: scan.parallelism, scan, launch, order, checks, _demo: demo })
}

/// What this worker's engine is to run.
async fn planned(
    services: &ScanServices,
    scan: &Scan,
    wish: &Wish,
    own: &[TenantCheck],
) -> Result<Vec<PlannedCheck>, Unprepared> {
    let catalogue = services.engine.catalogue(&scan.provider).await.map_err(Unprepared::Never)?;
    match wish.select(&catalogue, own) {
        Ok(checks) if checks.is_empty() => Err(Unprepared::Never("no check is within its scope".to_owned())),
        Ok(checks) => Ok(checks),
        Err(faults) => Err(Unprepared::Never(in_words(&faults))),
    }
}

async fn given(
    services: &ScanServices,
    who: &Who,
    scan: &Scan,
    sealed: Option<Vec<u8>>,
    account: Account,
) -> Result<Given, Unprepared> {
    match account {
        Account::Own => Ok(of_scan(services, who, scan.id, sealed).await?),
        Account::Gone => Err(Unprepared::Never("its account is no longer connected".to_owned())),
        Account::Connected(connection, sealed) => {
            let owner = Owner::Connection(connection.id);
            let credentials = connections::open(&services.keys, who, owner, sealed.as_deref()).await;
            Ok(Given { credentials: credentials.map_err(of_scans)?, settings: object(connection.settings) })
        }
    }
}

/// The recorder of a scan that has begun: what is planned is written, and what an attempt before this one
/// left half done is undone, so that it is not counted twice.
pub(super) async fn resume<'c>(
    context: &'c OpContext<ScanServices>,
    prepared: &Prepared,
    scan: &Scan,
) -> Result<Recorder<'c, ScanServices>, JobError> {
    let id = scan.id;
    let mut tx = context.begin().await?;
    checks::plan(&mut tx, id, &prepared.checks).await?;
    let names: Vec<&str> = prepared.checks.iter().map(|check| check.check_id.as_str()).collect();
    if context.attempt() > 1 || context.fencing_token() > 1 {
        findings::delete_of_checks(&mut tx, id, &names).await?;
    }
    let mut progress = Progress::default();
    let mut partial = false;
    let mut services: BTreeMap<String, bool> = BTreeMap::new();
    for (service, status, n) in checks::count(&mut tx, id).await? {
        let ended = matches!(status, CheckStatus::Completed | CheckStatus::Errored);
        progress.checks_total += n;
        progress.checks_done += if ended { n } else { 0 };
        if status == CheckStatus::Errored {
            progress.checks_errored += n;
            partial = true;
        }
        *services.entry(service).or_insert(true) &= ended;
    }
    progress.services_total = u32::try_from(services.len()).unwrap_or(u32::MAX);
    progress.services_done =
        u32::try_from(services.values().filter(|done| **done).count()).unwrap_or(u32::MAX);
    for (status, severity, evidence, n) in findings::tally(&mut tx, id).await? {
        progress.count(u32::try_from(n).unwrap_or(u32::MAX), status, severity, evidence);
    }
    let own = tenant_checks::of_provider(&mut tx, &scan.provider).await?;
    scans::progress(&mut tx, id, &progress.to_json()).await?;
    tx.commit().await?;
    let severities: HashMap<String, FindingSeverity> =
        own.into_iter().filter_map(|check| Some((check.check_id, check.severity?))).collect();
    let compared = ScanRef { id, previous: scan.previous_id };
    Ok(Recorder::new(context, compared, severities, progress, partial, &prepared.checks))
}

async fn of_scan(
    services: &ScanServices,
    who: &Who,
    id: ScanId,
    sealed: Option<Vec<u8>>,
) -> Result<Given, JobError> {
    let opened = connections::open(&services.keys, who, Owner::Scan(id), sealed.as_deref()).await;
    let mut opened = opened.map_err(of_scans)?;
    let mut part = |name| opened.remove(name).map(object).unwrap_or_default();
    Ok(Given { credentials: part("credentials"), settings: part("settings") })
}

fn object(value: Value) -> BTreeMap<String, Value> {
    match value {
        Value::Object(members) => members.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

fn emulated(demo: &Demo) -> Given {
    let text = |text: &str| Value::String(text.to_owned());
    Given {
        credentials: BTreeMap::from([
            ("access_key_id".to_owned(), text("testing")),
            ("secret_access_key".to_owned(), text("testing")),
        ]),
        settings: BTreeMap::from([("endpoint_url".to_owned(), text(demo.endpoint()))]),
    }
}

fn of_scans(error: ScansError) -> JobError {
    match error {
        ScansError::Store(error) => error.into(),
        error => JobError::defect(error),
    }
}
