//! A data directory of one's own, and what the kernel knows of it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use custody_keys::Keys;
use custody_store::embedded::{Config, DataDir, DataDirError, EmbeddedError, Layout, Purpose, Server};
use custody_testkit::eventually;
use sqlx::{Connection as _, PgConnection};

/// This test binary, also after another build has replaced the file.
pub(super) const THIS_PROGRAM: &str = "/proc/self/exe";

pub(super) struct Room {
    pub(super) dir: PathBuf,
    _temporary: tempfile::TempDir,
}

impl Room {
    /// An empty folder that everybody may pass, as temporary folders are not.
    pub(super) fn new() -> Self {
        let temporary = tempfile::Builder::new().prefix("custody-t").tempdir().unwrap();
        fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir: fs::canonicalize(temporary.path()).unwrap(), _temporary: temporary }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub(super) fn layout(&self) -> Layout {
        Layout::new(self.data())
    }

    pub(super) async fn open(&self) -> DataDir {
        DataDir::open(&self.data(), Purpose::Serve).await.unwrap()
    }

    pub(super) fn keys(&self) -> Keys {
        Keys::local(&self.layout().key_file()).unwrap()
    }

    pub(super) async fn try_start(&self) -> Result<Server, EmbeddedError> {
        start_in(&self.data()).await
    }

    pub(super) async fn start(&self) -> Server {
        self.try_start().await.unwrap_or_else(|e| panic!("the server starts: {e}"))
    }

    /// Returns once nobody holds the directory.
    pub(super) async fn is_free(&self) {
        let free = || async {
            !matches!(DataDir::open(&self.data(), Purpose::Serve).await, Err(DataDirError::Held { .. }))
        };
        eventually("the directory is free", || async { free().await.then_some(()) }).await;
    }

    /// The id that the running server wrote down.
    pub(super) fn postmaster(&self) -> i32 {
        let text = fs::read_to_string(self.layout().cluster().join("postmaster.pid")).expect("a server runs");
        text.lines().next().unwrap().parse().unwrap()
    }

    /// Fails unless every process of this directory's server ends, and the thread that watched it.
    pub(super) async fn nothing_is_left(&self) {
        eventually("no process of the server is left", || async {
            processes_in(&self.data()).is_empty().then_some(())
        })
        .await;
        self.is_free().await;
    }
}

pub(super) async fn start_in(data: &Path) -> Result<Server, EmbeddedError> {
    let data_dir = DataDir::open(data, Purpose::Serve).await?;
    let keys = Keys::local(&data_dir.layout().key_file()).unwrap();
    Server::start(data_dir, &config(), &keys).await
}

/// Small, and impatient enough for a test to end.
pub(super) fn config() -> Config {
    let mut config = Config::default();
    config.connections = 10;
    config.start_within = Duration::from_mins(1);
    config.stop_within = Duration::from_secs(15);
    config.binaries.fetch = false;
    config
}

pub(super) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Processes other than zombies that work in `dir` or were started with it on their command line.
pub(super) fn processes_in(dir: &Path) -> Vec<i32> {
    let wanted = dir.to_str().unwrap().as_bytes();
    let concerns = |pid: &i32| {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let works_in = fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd.starts_with(dir));
        let cmdline = fs::read(proc.join("cmdline")).unwrap_or_default();
        // This test's own re-executions name the folder above, never the data directory.
        works_in || cmdline.windows(wanted.len()).any(|w| w == wanted)
    };
    let ids = fs::read_dir("/proc").unwrap().flatten();
    ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(concerns).collect()
}

pub(super) fn is_alive(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

pub(super) fn kill_9(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
}

pub(super) async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap_or_else(|e| panic!("the database answers: {e}"))
}

pub(super) async fn ask(url: &str, question: &'static str) -> String {
    let mut connection = connect(url).await;
    let answer: String = sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    answer
}

pub(super) async fn run(url: &str, statement: &'static str) {
    let mut connection = connect(url).await;
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
