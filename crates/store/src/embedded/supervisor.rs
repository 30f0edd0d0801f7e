//! The thread whose children are the server's processes: starts, watches, restarts and stops them.
//!
//! One thread from first to last, because the kernel ties a child's parent-death signal to the
//! thread that made it.

use std::{
    path::PathBuf,
    process::{Child, ExitStatus},
    sync::mpsc,
    time::{Duration, Instant},
};

use tokio::sync::{oneshot, watch};

use super::{
    Config, DataDir, EmbeddedError, Layout, State, account::Account, cluster, endpoint::Endpoint, launch,
    orphan, postmaster::PidFile, secret::Password, stop,
};

const LOOK_EVERY: Duration = Duration::from_millis(20);
const WATCH_EVERY: Duration = Duration::from_millis(100);
/// A server that ran this long before it died is restarted as if for the first time.
const STEADY_AFTER: Duration = Duration::from_mins(1);
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// A free loopback port may be taken by another before the server has it.
const LOOPBACK_ATTEMPTS: usize = 4;

/// All that a start needs; made before the thread is.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) data_dir: DataDir,
    pub(super) bin_dir: PathBuf,
    pub(super) account: Account,
    pub(super) config: Config,
    pub(super) superuser: Password,
}

pub(super) struct Supervisor {
    plan: Plan,
    /// A message, or the end of the channel: stop.
    orders: mpsc::Receiver<()>,
    ordered: bool,
    state: watch::Sender<State>,
}

struct Running {
    child: Child,
    endpoint: Endpoint,
    since: Instant,
}

enum Seen {
    Order,
    Death(ExitStatus),
}

impl Supervisor {
    pub(super) fn new(plan: Plan, orders: mpsc::Receiver<()>, state: watch::Sender<State>) -> Self {
        Self { plan, orders, ordered: false, state }
    }

    /// The thread's whole life. Tells `started` where the first server listens, or why not.
    pub(super) fn run(mut self, started: oneshot::Sender<Result<Endpoint, EmbeddedError>>) {
        match self.first_start() {
            Ok(running) => {
                let endpoint = running.endpoint.clone();
                // Nobody waits any more: the order to stop is on its way.
                self.ordered |= started.send(Ok(endpoint)).is_err();
                self.keep(running);
            }
            Err(error) => {
                let _ = started.send(Err(error));
            }
        }
        let Self { plan, state, .. } = self;
        // Whoever waits for the end may open the directory again at once.
        drop(plan);
        tell(&state, State::Stopped);
    }

    /// Waits; true once we are to stop.
    fn pause(&mut self, time: Duration) -> bool {
        if !self.ordered {
            self.ordered = !matches!(self.orders.recv_timeout(time), Err(mpsc::RecvTimeoutError::Timeout));
        }
        self.ordered
    }

    fn layout(&self) -> Layout {
        self.plan.data_dir.layout().clone()
    }

    fn first_start(&mut self) -> Result<Running, EmbeddedError> {
        let layout = self.layout();
        let began = Instant::now();
        self.clear(&layout)?;
        cluster::prepare(&layout, &self.plan.account)?;
        if cluster::major(&layout).is_none() {
            tracing::info!(database.path = %layout.cluster().display(), "making a new database cluster");
            let (bin_dir, account) = (self.plan.bin_dir.clone(), self.plan.account.clone());
            let password = self.plan.superuser.clone();
            cluster::initialise(&layout, &bin_dir, &account, &password, |time| self.pause(time))?;
        }
        for attempt in 1.. {
            let endpoint = Endpoint::choose(&layout)?;
            match self.launch(&layout, endpoint) {
                Err(EmbeddedError::Start { detail, .. })
                    if attempt < LOOPBACK_ATTEMPTS && detail.contains("Address already in use") =>
                {
                    tracing::info!("the loopback port was taken meanwhile; trying another");
                }
                Ok(running) => {
                    tracing::info!(
                        database.pid = running.child.id(),
                        database.user = %self.plan.account.name,
                        took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
                        "private database is ready"
                    );
                    return Ok(running);
                }
                Err(error) => return Err(error),
            }
        }
        Err(EmbeddedError::Stopped)
    }

    fn clear(&mut self, layout: &Layout) -> Result<(), EmbeddedError> {
        // Twice: half of it is for a fast shutdown, half for an immediate one.
        let patience = self.plan.config.stop_within * 2;
        orphan::clear(layout, patience, |time| self.pause(time))
    }

    fn launch(&mut self, layout: &Layout, endpoint: Endpoint) -> Result<Running, EmbeddedError> {
        let mut child = launch::server(&self.plan, &endpoint)?;
        match self.await_ready(layout, &mut child) {
            Ok(()) => {
                tell(&self.state, State::Ready);
                Ok(Running { child, endpoint, since: Instant::now() })
            }
            Err(error) => {
                stop::stop(&mut child, layout, self.plan.config.stop_within);
                Err(error)
            }
        }
    }

    fn await_ready(&mut self, layout: &Layout, child: &mut Child) -> Result<(), EmbeddedError> {
        let began = Instant::now();
        let within = self.plan.config.start_within;
        loop {
            if let Some(status) =
                child.try_wait().map_err(EmbeddedError::io("wait for the server of", layout.cluster()))?
            {
                let detail = format!("{status}: {}", cluster::tail(&layout.server_log()));
                return Err(EmbeddedError::Start { detail, log: layout.server_log() });
            }
            let file = PidFile::read(&layout.cluster()).ok().flatten();
            if file.is_some_and(|f| f.ready && u32::try_from(f.pid) == Ok(child.id())) {
                return Ok(());
            }
            if began.elapsed() > within {
                return Err(EmbeddedError::Slow { within, log: layout.server_log() });
            }
            if self.pause(LOOK_EVERY) {
                return Err(EmbeddedError::Stopped);
            }
        }
    }

    /// Watches until the order to stop, restarting what dies.
    fn keep(&mut self, mut running: Running) {
        let layout = self.layout();
        let mut backoff = Duration::ZERO;
        loop {
            match self.watch(&layout, &mut running) {
                Seen::Order => {
                    stop::stop(&mut running.child, &layout, self.plan.config.stop_within);
                    return;
                }
                Seen::Death(status) => {
                    let reason = format!("{status}: {}", cluster::tail(&layout.server_log()));
                    tracing::error!(
                        database.pid = running.child.id(),
                        %reason,
                        "the private database died; it is started again"
                    );
                    tell(&self.state, State::Down { reason });
                    if running.since.elapsed() > STEADY_AFTER {
                        backoff = Duration::ZERO;
                    }
                    match self.restart(&layout, &running.endpoint, &mut backoff) {
                        Some(again) => running = again,
                        None => return,
                    }
                }
            }
        }
    }

    fn watch(&mut self, layout: &Layout, running: &mut Running) -> Seen {
        loop {
            if self.pause(WATCH_EVERY) {
                return Seen::Order;
            }
            launch::bound_log(layout);
            match running.child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => return Seen::Death(status),
                Err(error) => tracing::warn!(%error, "the private database could not be looked at"),
            }
        }
    }

    /// Tries until it succeeds or is told to stop; on the same endpoint, since its URL is out.
    fn restart(&mut self, layout: &Layout, endpoint: &Endpoint, backoff: &mut Duration) -> Option<Running> {
        loop {
            if self.pause(*backoff) {
                return None;
            }
            *backoff = (*backoff * 2).clamp(Duration::from_millis(250), BACKOFF_MAX);
            let outcome = self.clear(layout).and_then(|()| self.launch(layout, endpoint.clone()));
            match outcome {
                Ok(running) => {
                    metrics::counter!("custody_private_database_restarts_total").increment(1);
                    tracing::warn!(database.pid = running.child.id(), "the private database is back");
                    return Some(running);
                }
                Err(EmbeddedError::Stopped) => return None,
                Err(error) => {
                    let again_in_ms = u64::try_from(backoff.as_millis()).unwrap_or(u64::MAX);
                    tracing::error!(%error, again_in_ms, "the private database could not be started again");
                    tell(&self.state, State::Down { reason: error.to_string() });
                }
            }
        }
    }
}

fn tell(listeners: &watch::Sender<State>, state: State) {
    metrics::gauge!("custody_private_database_up").set(if state == State::Ready { 1.0 } else { 0.0 });
    listeners.send_replace(state);
}
