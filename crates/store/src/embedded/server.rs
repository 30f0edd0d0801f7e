//! The handle on a private server that this process started.

use std::{sync::mpsc, time::Duration};

use custody_keys::Keys;
use tokio::sync::{oneshot, watch};

use super::{
    Config, DataDir, EmbeddedError, Layout,
    account::Account,
    binaries, cluster, provision,
    secret::{self, Password, Whose},
    supervisor::{Plan, Supervisor},
};

/// Beyond `stop_within`: what the harder steps of a stop may take together.
const STOP_MARGIN: Duration = Duration::from_secs(45);

/// How the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Starting,
    Ready,
    /// It died, or could not be started again; another attempt follows.
    Down {
        reason: String,
    },
    /// Stopped on order; for good.
    Stopped,
}

/// A private server that runs as this process's child. Stop it with [`Server::stop`]; a handle that
/// is dropped stops it too, but nobody waits for that. Should this process be killed, the kernel
/// tells the server to shut down.
#[derive(Debug)]
pub struct Server {
    url: String,
    orders: mpsc::Sender<()>,
    state: watch::Receiver<State>,
    stop_within: Duration,
    version: String,
}

impl Server {
    /// Finds the binaries, makes the cluster where there is none, deals with what an earlier server
    /// left, starts, and makes the owner and the database. Bounded by the configuration's times;
    /// dropping the future stops what it began.
    pub async fn start(data_dir: DataDir, config: &Config, keys: &Keys) -> Result<Self, EmbeddedError> {
        let layout = data_dir.layout().clone();
        let account = Account::choose(config.user.as_deref(), &layout)?;
        account.check_way(layout.root())?;
        let major = cluster::major(&layout);
        let found = binaries::find(&config.binaries, major, Some(&layout.programs())).await?;
        account.check_way(&found.bin_dir)?;
        cluster::make_folder(&layout, &account)?;
        let superuser = superuser_password(&layout, major.is_some(), keys).await?;
        let (orders, orders_out) = mpsc::channel();
        let (state_in, state) = watch::channel(State::Starting);
        let (started, outcome) = oneshot::channel();
        let plan = Plan {
            data_dir,
            bin_dir: found.bin_dir,
            account,
            config: config.clone(),
            superuser: superuser.clone(),
        };
        let supervisor = Supervisor::new(plan, orders_out, state_in);
        std::thread::Builder::new()
            .name("private-database".to_owned())
            .spawn(move || supervisor.run(started))
            .map_err(EmbeddedError::io("start a thread for", layout.database()))?;
        let mut server = Self {
            url: String::new(),
            orders,
            state,
            stop_within: config.stop_within,
            version: found.version.to_string(),
        };
        let endpoint = outcome.await.map_err(|_| EmbeddedError::Stopped)??;
        match provision::provision(&layout, &endpoint, &superuser, keys).await {
            Ok(url) => {
                server.url = url;
                Ok(server)
            }
            Err(error) => {
                server.stop().await;
                Err(error)
            }
        }
    }

    /// The owner's URL. Holds a password: for connecting, not for a log.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// PostgreSQL's version, such as `17.11`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How it is, and each change.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Stops the server in order; returns once no process of it is left (or after a bound, with a
    /// line in the log). Close the pools first: a fast shutdown cuts their connections.
    pub async fn stop(mut self) {
        let _ = self.orders.send(());
        let stopped = self.state.wait_for(|state| *state == State::Stopped);
        if tokio::time::timeout(self.stop_within + STOP_MARGIN, stopped).await.is_err() {
            tracing::error!("the private database did not stop in time");
        }
    }
}

async fn superuser_password(
    layout: &Layout,
    cluster_exists: bool,
    keys: &Keys,
) -> Result<Password, EmbeddedError> {
    let path = layout.superuser_secret();
    if cluster_exists {
        let lost = || EmbeddedError::SecretLost { cluster: layout.cluster(), secret: path.clone() };
        return secret::open(&path, Whose::Superuser, keys).await?.ok_or_else(lost);
    }
    secret::create(&path, Whose::Superuser, keys).await
}
