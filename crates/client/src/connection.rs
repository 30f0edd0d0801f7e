//! Which server, and as whom.

use std::path::PathBuf;

use clap::Args;

use crate::{ApiClient, ClientError};

/// The flags that every client verb takes.
#[derive(Clone, Args)]
pub struct Connection {
    /// The server's address.
    #[arg(long, env = "CUSTODY_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,

    /// An API key or a token. The environment keeps it out of the process list.
    #[arg(long, env = "CUSTODY_TOKEN", hide_env_values = true)]
    pub token: Option<String>,

    /// Trust only this certificate authority (PEM), for a server with a certificate of its own.
    #[arg(long, env = "CUSTODY_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

impl Connection {
    /// A client; nothing is sent yet.
    pub fn open(&self) -> Result<ApiClient, ClientError> {
        let token = self.token.as_deref().map(str::trim).filter(|t| !t.is_empty());
        ApiClient::new(&self.url, token, self.ca_file.as_deref())
    }
}

/// Without the token: what is printed for a developer must not carry a secret.
impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("url", &self.url).finish_non_exhaustive()
    }
}
