//! The real binary, started as a user would, asked by URL.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use custody_testkit::{TestDatabase, eventually};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::OnceCell,
};

use super::{Api, Tenant};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_custody");

/// A running server, its data directory and its database.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    data: PathBuf,
    database: Option<String>,
    child: Child,
    log: tempfile::TempPath,
    _folder: Option<TempDir>,
}

/// How to start one.
#[derive(Debug, Default, Clone)]
pub(crate) struct Options {
    /// None: a private PostgreSQL under the data directory.
    pub(crate) database: Option<String>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) flags: Vec<String>,
    /// For the server alone, not for the commands beside it.
    pub(crate) environment: Vec<(String, String)>,
}

static SHARED: OnceCell<Server> = OnceCell::const_new();

/// One server for all tests that do not stop it, on a database of the test server.
pub(crate) async fn shared() -> &'static Server {
    SHARED
        .get_or_init(|| async {
            let database = TestDatabase::create().await.url().to_owned();
            Server::start(Options { database: Some(database), ..Options::default() }).await
        })
        .await
}

impl Server {
    /// Starts one and waits until it says its URL; fails with its log if it does not.
    pub(crate) async fn start(options: Options) -> Self {
        Self::try_start(options).await.unwrap_or_else(|log| panic!("the server did not start:\n{log}"))
    }

    /// The same, or what it wrote to standard error.
    pub(crate) async fn try_start(options: Options) -> Result<Self, String> {
        let folder = options.data.is_none().then(readable_temp_dir);
        let data = options.data.clone().unwrap_or_else(|| folder.as_ref().unwrap().path().join("data"));
        let log = tempfile::NamedTempFile::with_prefix("custody-test-").unwrap().into_temp_path();
        let mut command = Command::new(BINARY);
        clean_environment(&mut command, &data, options.database.as_deref());
        command.envs(options.environment.iter().map(|(name, value)| (name, value)));
        command.args(["serve", "--until-stdin-closes"]).args(&options.flags);
        if !options.flags.iter().any(|flag| flag.starts_with("--listen")) {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
        command.kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = loop {
            let Some(line) = lines.next_line().await.unwrap() else {
                let status = child.wait().await.unwrap();
                return Err(format!("{status}\n{}", std::fs::read_to_string(&log).unwrap()));
            };
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http")) {
                break url.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { url, data, database: options.database, child, log, _folder: folder })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The URL of its database, where it has none of its own.
    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The process of its private database.
    pub(crate) fn postmaster(&self) -> u32 {
        let pid_file = self.data.join("database/cluster/postmaster.pid");
        std::fs::read_to_string(pid_file).unwrap().lines().next().unwrap().parse().unwrap()
    }

    /// A caller without a credential.
    pub(crate) fn anonymous(&self) -> Api {
        Api::new(&self.url, None)
    }

    /// A caller with a token of this role, issued by the operator's command.
    pub(crate) async fn token(&self, tenant: Option<&str>, role: &str) -> Api {
        let mut args = vec!["token", "issue", "--role", role];
        args.extend(tenant.iter().flat_map(|tenant| ["--tenant", tenant]));
        let token = self.custody(&args).await;
        Api::new(&self.url, Some(token.trim()))
    }

    /// The secret of an invitation, which the operator hands out.
    pub(crate) async fn invitation_secret(&self, tenant: &str, invitation: &Value) -> String {
        let id = invitation["id"].as_str().unwrap();
        let made = self.custody_json(&["invitation", "secret", id, "--tenant", tenant]).await;
        made["secret"].as_str().unwrap().to_owned()
    }

    /// A new tenant with callers of every role.
    pub(crate) async fn tenant(&self) -> Tenant {
        Tenant::create(self).await
    }

    /// Runs a command of the binary against this server's data and answers its standard output.
    pub(crate) async fn custody(&self, args: &[&str]) -> String {
        let output = self.command(args).output().await.unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "custody {args:?}: {}\n{error}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Switches the installation's own schedules off: no job but those that the test asks for.
    pub(crate) async fn without_schedules(&self) {
        let names = ["anchor", "health", "partitions", "sweep"];
        eventually("the schedules", || async {
            let all = self.custody_json(&["schedule", "list"]).await;
            (all.as_array().unwrap().len() >= names.len()).then_some(())
        })
        .await;
        for name in names {
            self.custody(&["schedule", "disable", name]).await;
        }
    }

    /// Asks for one job of a test's own (crates/custody/src/probe), and answers its id.
    pub(crate) async fn probe(&self, tenant: &Tenant, args: &[&str]) -> String {
        self.probes(tenant, args).await.remove(0)
    }

    pub(crate) async fn probes(&self, tenant: &Tenant, args: &[&str]) -> Vec<String> {
        let args: Vec<_> = ["probe", "--tenant", &tenant.name].iter().chain(args).copied().collect();
        self.custody(&args).await.lines().map(str::to_owned).collect()
    }

    pub(crate) async fn custody_json(&self, args: &[&str]) -> Value {
        let args: Vec<_> = ["--json"].iter().chain(args).copied().collect();
        serde_json::from_str(&self.custody(&args).await).unwrap()
    }

    /// A command of the binary in this server's surroundings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        clean_environment(&mut command, &self.data, self.database.as_deref());
        command.env("CUSTODY_URL", &self.url).args(args).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Asks it to stop as a supervisor does, and waits.
    pub(crate) async fn stop(mut self) -> std::process::ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().await.unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(mut self) -> std::process::ExitStatus {
        // Waiting would close it, and that asks it to stop.
        let _stdin = self.child.stdin.take();
        self.child.wait().await.unwrap()
    }

    /// SIGTERM.
    pub(crate) async fn terminate(mut self) -> std::process::ExitStatus {
        signal(self.pid(), "TERM");
        self.child.wait().await.unwrap()
    }

    /// kill -9, as a crash.
    pub(crate) async fn kill(mut self) {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
    }
}

/// Sends a signal to one process.
pub(crate) fn signal(pid: u32, name: &str) {
    let status =
        std::process::Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// A folder that the database's user can traverse.
pub(crate) fn readable_temp_dir() -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn clean_environment(command: &mut Command, data: &Path, database: Option<&str>) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CUSTODY_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command.env("CUSTODY_DATA_DIR", data);
    if let Some(python) = std::env::var_os("CUSTODY_TEST_PROWLER") {
        command.env("CUSTODY_PROWLER", python);
    }
    if let Some(database) = database {
        command.env("DATABASE_URL", database);
    }
    if let Some(bin) = std::env::var_os("CUSTODY_TEST_PG_BIN") {
        command.env("CUSTODY_PG_BIN", bin);
    }
}
