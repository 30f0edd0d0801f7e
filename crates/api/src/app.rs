//! What the handlers and the middleware work with.

use std::{net::IpAddr, ops::Deref, sync::Arc, time::Duration};

use axum::extract::FromRef;
use chrono::{DateTime, SubsecRound as _, Utc};
use custody_auth::{Authenticator, LimitsConfig, Named, Passwords, RateLimits, SignInLimits, Tokens};
use custody_domain::{ScanId, TenantId};
use custody_export::Exports;
use custody_ingest::{
    Ingest, Reads,
    reads::{Amount, What},
};
use custody_ledger::Ledger;
use custody_objects::Objects;
use custody_scans::Scans;
use custody_search::{Live, Search};
use custody_store::{Store, jobs::JobId};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    FileLinks, HttpConfig, Permit, Readiness, extract::memory::BodyMemory, log_stream::Positions,
    routes::logs::bulk::Spools, shares::Shares, streams::Streams, version_watch::VersionWatch,
};

/// The parts behind the HTTP interface, as the binary wires them together.
#[derive(Debug)]
pub struct Parts {
    pub authenticator: Arc<Authenticator>,
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub sign_in_limits: SignInLimits,
    pub store: Store,
    pub ledger: Ledger,
    pub ingest: Ingest,
    /// Where reads of entries are told.
    pub reads: Reads,
    pub search: Arc<dyn Search>,
    pub live: Live,
    pub exports: Exports,
    pub scans: Scans,
    pub pdf: WritesPdf,
    pub objects: Objects,
    pub readiness: Readiness,
    /// Renders `/metrics`; without it there is no such page.
    pub metrics: Option<PrometheusHandle>,
    pub clock: Clock,
    pub file_links: FileLinks,
    /// Rises when what a client sees of a job may have changed.
    pub jobs_changed: watch::Receiver<u64>,
    /// Cancelled when the server is to stop: what streams without an end ends then.
    pub stop: CancellationToken,
}

/// Fills a layout with JSON, as PDF: it comes from outside, for what does it is heavy to build.
pub type WritesPdf = fn(&str, Vec<u8>) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

/// Tells the time: for credentials and sessions. (The log's clock is the database's.)
pub type Clock = fn() -> DateTime<Utc>;

const GOODBYE_TIME_MAX: Duration = Duration::from_secs(2);

/// The state of all routes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) edge: Edge,
    pub(crate) job_watch: VersionWatch<JobId>,
    pub(crate) scan_watch: VersionWatch<(TenantId, ScanId)>,
    pub(crate) positions: Positions,
    /// Streams that have a connection of their own by now, which the server does not wait for.
    pub(crate) detached: TaskTracker,
    parts: Arc<Parts>,
}

impl App {
    pub fn new(config: HttpConfig, limits: &LimitsConfig, parts: Parts) -> Self {
        Self {
            edge: Edge::new(config, limits),
            job_watch: VersionWatch::new(parts.store.clone(), parts.jobs_changed.clone()),
            scan_watch: VersionWatch::new(parts.store.clone(), parts.jobs_changed.clone()),
            positions: Positions::new(parts.store.cursor_secret()),
            detached: TaskTracker::new(),
            parts: Arc::new(parts),
        }
    }

    /// Waits until the streams have said goodbye, once [`Parts::stop`] is cancelled; not for long.
    pub async fn streams_closed(&self) {
        self.detached.close();
        let _ = tokio::time::timeout(GOODBYE_TIME_MAX, self.detached.wait()).await;
    }

    /// Somebody was answered with so many rows.
    pub(crate) fn told<O: Named>(&self, permit: &Permit<O>, what: What<'_>, rows: u64) {
        self.reads.tell(permit, O::OPERATION, what, Amount { times: 1, rows });
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        // To the microsecond, which is what the database keeps: an answer says the same at every reading.
        (self.parts.clock)().trunc_subsecs(6)
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// What the middleware works with. One pointer: every layer has its own, and axum clones all layers
/// for every request.
#[derive(Clone, Debug)]
pub(crate) struct Edge(Arc<Bounds>);

/// The settings, and the bounds that all requests share.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) config: HttpConfig,
    pub(crate) limits: Arc<RateLimits>,
    /// One permit a request that runs.
    pub(crate) running: Arc<Semaphore>,
    /// The same, of one address.
    pub(crate) running_of: Shares<IpAddr>,
    pub(crate) body_memory: BodyMemory,
    pub(crate) spools: Spools,
    pub(crate) log_streams: Streams,
    pub(crate) job_streams: Streams,
    pub(crate) entry_streams: Streams,
    pub(crate) downloads: Streams,
    pub(crate) exports: Streams,
}

/// One part in so many of the requests that run at once is what an address may have. Several
/// addresses are needed to fill the server, and one is enough for a busy shipper or an office.
const ADDRESS_SHARE: usize = 8;

/// However few requests a server takes, a browser's handful from one address is among them.
const ADDRESS_RUNNING_MIN: usize = 8;

impl Edge {
    pub(crate) fn new(config: HttpConfig, limits: &LimitsConfig) -> Self {
        Self(Arc::new(Bounds {
            limits: Arc::new(RateLimits::new(limits)),
            running: Arc::new(Semaphore::new(config.requests_max)),
            running_of: Shares::new((config.requests_max / ADDRESS_SHARE).max(ADDRESS_RUNNING_MIN)),
            body_memory: BodyMemory::new(config.body_bytes_held_max),
            spools: Spools::new(config.spool_folder.clone(), config.spool_bytes_max),
            log_streams: Streams::of_log(),
            job_streams: Streams::of_jobs(),
            entry_streams: Streams::of_entries(),
            downloads: Streams::of_files(),
            exports: Streams::of_exports(),
            config,
        }))
    }
}

impl Deref for Edge {
    type Target = Bounds;

    fn deref(&self) -> &Bounds {
        &self.0
    }
}

impl FromRef<App> for Readiness {
    fn from_ref(app: &App) -> Self {
        app.readiness.clone()
    }
}

impl FromRef<App> for Option<PrometheusHandle> {
    fn from_ref(app: &App) -> Self {
        app.metrics.clone()
    }
}

/// What a credential is checked with.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) limits: Arc<RateLimits>,
    pub(crate) clock: Clock,
}

impl FromRef<App> for Edge {
    fn from_ref(app: &App) -> Self {
        app.edge.clone()
    }
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        Self {
            authenticator: Arc::clone(&app.authenticator),
            limits: Arc::clone(&app.edge.limits),
            clock: app.clock,
        }
    }
}
