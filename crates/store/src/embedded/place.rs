//! The database of a data directory, for commands that do not care whether a server runs.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use custody_keys::Keys;

use super::{
    Config, DataDir, DataDirError, EmbeddedError, Holder, Layout, Purpose, Server,
    endpoint::Endpoint,
    lock::{self, Held},
    postmaster::PidFile,
    provision,
};

/// A server that holds the directory may still be making its cluster.
const ATTACH_WITHIN: Duration = Duration::from_secs(30);

/// A data directory, as a command finds it.
#[derive(Debug)]
pub enum Place {
    /// No server runs; it is ours until it is dropped.
    Free(DataDir),
    /// A server holds it; its database can be attached to.
    Served(Served),
}

/// A data directory that another process serves.
#[derive(Debug)]
pub struct Served {
    layout: Layout,
    holder: Option<Holder>,
}

/// A database to work with.
#[derive(Debug)]
pub enum Access {
    /// Started for this command alone.
    Started(Server),
    /// Another process runs it.
    Attached { url: String },
}

impl Place {
    /// Waits for another command that holds the directory (up to a minute), not for a server.
    pub async fn find(path: &Path) -> Result<Self, DataDirError> {
        match DataDir::open(path, Purpose::Command).await {
            Ok(data_dir) => Ok(Self::Free(data_dir)),
            Err(DataDirError::Held { path, holder: Some(holder) }) if holder.purpose == Purpose::Serve => {
                Ok(Self::Served(Served { layout: Layout::new(path), holder: Some(holder) }))
            }
            Err(error) => Err(error),
        }
    }

    pub fn layout(&self) -> &Layout {
        match self {
            Self::Free(data_dir) => data_dir.layout(),
            Self::Served(served) => &served.layout,
        }
    }

    /// Starts the private server, or attaches to the one that runs. Call [`Access::close`] after.
    pub async fn database(self, config: &Config, keys: &Keys) -> Result<Access, EmbeddedError> {
        match self {
            Self::Free(data_dir) => Ok(Access::Started(Server::start(data_dir, config, keys).await?)),
            Self::Served(served) => Ok(Access::Attached { url: served.attach(keys).await? }),
        }
    }
}

impl Served {
    pub fn holder(&self) -> Option<Holder> {
        self.holder
    }

    /// The owner's URL, once the database answers.
    pub async fn attach(&self, keys: &Keys) -> Result<String, EmbeddedError> {
        let began = Instant::now();
        loop {
            if let Some(url) = self.url_now(keys).await?
                && provision::answers(&url).await
            {
                return Ok(url);
            }
            let held = lock::peek(&self.layout).map_err(EmbeddedError::io("look at", self.layout.lock()))?;
            if held == Held::Free || began.elapsed() > ATTACH_WITHIN {
                let path: PathBuf = self.layout.root().to_owned();
                return Err(EmbeddedError::NotServing { path, holder: self.holder, within: began.elapsed() });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn url_now(&self, keys: &Keys) -> Result<Option<String>, EmbeddedError> {
        let cluster = self.layout.cluster();
        let file = PidFile::read(&cluster).map_err(EmbeddedError::io("read", &cluster))?;
        match file.filter(|f| f.ready).as_ref().and_then(Endpoint::of) {
            Some(endpoint) => provision::owner_url(&self.layout, &endpoint, keys).await,
            None => Ok(None),
        }
    }
}

impl Access {
    /// The owner's URL. Holds a password.
    pub fn url(&self) -> &str {
        match self {
            Self::Started(server) => server.url(),
            Self::Attached { url } => url,
        }
    }

    /// Stops the server if it was started for us. Close the pools first.
    pub async fn close(self) {
        if let Self::Started(server) = self {
            server.stop().await;
        }
    }
}
