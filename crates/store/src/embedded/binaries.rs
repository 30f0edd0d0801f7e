//! The server's programs: found on the machine, or fetched.

mod fetch;
mod version;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

pub use fetch::RELEASE;
pub use version::PgVersion;

/// PostgreSQL's major versions that Custody is made for. A newer one is used with a warning.
pub const MAJOR_MIN: u32 = 15;
pub const MAJOR_MAX: u32 = 18;

const ASK_WITHIN: Duration = Duration::from_secs(10);

/// Where to look.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// `CUSTODY_PG_BIN`: these and no others.
    pub bin_dir: Option<PathBuf>,
    /// Look where packages put them.
    pub look_around: bool,
    /// Fetch a release where none is found.
    pub fetch: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { bin_dir: None, look_around: true, fetch: true }
    }
}

/// Why these programs are the ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Named,
    PgConfig,
    Packaged,
    Path,
    Fetched,
}

impl Origin {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "CUSTODY_PG_BIN",
            Self::PgConfig => "pg_config",
            Self::Packaged => "the system's packages",
            Self::Path => "PATH",
            Self::Fetched => "fetched",
        }
    }
}

/// A folder with `initdb` and `postgres` that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    pub bin_dir: PathBuf,
    pub version: PgVersion,
    pub origin: Origin,
}

/// Why there are no programs to run the private server with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BinariesError {
    #[error("CUSTODY_PG_BIN is {}, and {detail}; set it to a folder with PostgreSQL's `initdb` and `postgres` (on Debian /usr/lib/postgresql/<version>/bin), or unset it", bin_dir.display())]
    Named { bin_dir: PathBuf, detail: String },
    #[error("{} is PostgreSQL {version}; custody needs {MAJOR_MIN} or newer", bin_dir.display())]
    TooOld { bin_dir: PathBuf, version: PgVersion },
    #[error(
        "the database in this data directory was made by PostgreSQL {cluster} and can be opened by that major version only, and here is {}; install PostgreSQL {cluster} (on Debian: apt install postgresql-{cluster}), or point CUSTODY_PG_BIN to it",
        found_words(found)
    )]
    OtherMajor { cluster: u32, found: Vec<String> },
    #[error(
        "no PostgreSQL server ({MAJOR_MIN} or newer) was found on this machine; install it (Debian, Ubuntu: apt install postgresql), point CUSTODY_PG_BIN to its programs, or set DATABASE_URL to a database elsewhere"
    )]
    None,
    #[error(
        "no PostgreSQL server ({MAJOR_MIN} or newer) was found on this machine, and PostgreSQL {release} could not be fetched from Maven Central: {detail}; install it (Debian, Ubuntu: apt install postgresql), point CUSTODY_PG_BIN to its programs, or set DATABASE_URL to a database elsewhere"
    )]
    Fetch { release: &'static str, detail: String },
}

fn found_words(found: &[String]) -> String {
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}

/// Finds the programs: those that were named, else what packages installed, else a release that was
/// fetched before into `programs`, else fetches it there. A cluster that exists fixes the major
/// version. Bounded: each program is asked for at most 10 s, the fetching takes at most 5 min.
pub async fn find(
    config: &Config,
    cluster_major: Option<u32>,
    programs: Option<&Path>,
) -> Result<Binaries, BinariesError> {
    if let Some(bin_dir) = &config.bin_dir {
        return named(bin_dir, cluster_major).await;
    }
    let found = look(config).await;
    if let Some(best) = choose(&found, cluster_major) {
        if best.version.major > MAJOR_MAX {
            tracing::warn!(version = %best.version, "this PostgreSQL is newer than those that custody is tested with ({MAJOR_MIN} to {MAJOR_MAX})");
        }
        return Ok(best.clone());
    }
    let fits = cluster_major.is_none_or(|major| major == fetch::MAJOR);
    match (cluster_major, programs) {
        (_, Some(programs)) if fits && (config.fetch || fetch::is_there(programs)) => {
            let bin_dir = fetch::fetch(programs).await?;
            let version =
                ask(&bin_dir).await.map_err(|detail| BinariesError::Fetch { release: RELEASE, detail })?;
            Ok(Binaries { bin_dir, version, origin: Origin::Fetched })
        }
        (Some(cluster), _) => {
            let found = found.iter().map(|b| format!("{} in {}", b.version, b.bin_dir.display())).collect();
            Err(BinariesError::OtherMajor { cluster, found })
        }
        _ => Err(BinariesError::None),
    }
}

/// All working programs that packages put on this machine, the preferred first.
pub async fn look(config: &Config) -> Vec<Binaries> {
    let mut places = Vec::new();
    if config.look_around {
        places.extend(from_pg_config().await.map(|dir| (dir, Origin::PgConfig)));
        places.extend(packaged().into_iter().map(|dir| (dir, Origin::Packaged)));
        places.extend(from_path().map(|dir| (dir, Origin::Path)));
    }
    let mut found: Vec<Binaries> = Vec::new();
    for (bin_dir, origin) in places {
        if found.iter().any(|b| b.bin_dir == bin_dir) {
            continue;
        }
        match ask(&bin_dir).await {
            Ok(version) => found.push(Binaries { bin_dir, version, origin }),
            Err(detail) => tracing::debug!(bin_dir = %bin_dir.display(), detail, "no server programs"),
        }
    }
    found
}

async fn named(bin_dir: &Path, cluster_major: Option<u32>) -> Result<Binaries, BinariesError> {
    let version =
        ask(bin_dir).await.map_err(|detail| BinariesError::Named { bin_dir: bin_dir.to_owned(), detail })?;
    if version.major < MAJOR_MIN {
        return Err(BinariesError::TooOld { bin_dir: bin_dir.to_owned(), version });
    }
    match cluster_major {
        Some(cluster) if cluster != version.major => Err(BinariesError::OtherMajor {
            cluster,
            found: vec![format!("{version} in {}", bin_dir.display())],
        }),
        _ => Ok(Binaries { bin_dir: bin_dir.to_owned(), version, origin: Origin::Named }),
    }
}

/// The cluster's major version if there is a cluster; else the first that custody is tested with,
/// else the first that is newer.
fn choose(found: &[Binaries], cluster_major: Option<u32>) -> Option<&Binaries> {
    let major = |b: &&Binaries| b.version.major;
    match cluster_major {
        Some(cluster) => found.iter().find(|b| major(b) == cluster),
        None => found
            .iter()
            .find(|b| (MAJOR_MIN..=MAJOR_MAX).contains(&major(b)))
            .or_else(|| found.iter().find(|b| major(b) > MAJOR_MAX)),
    }
}

/// Asks the programs in a folder for their version, or says why they cannot serve.
pub(super) async fn ask(bin_dir: &Path) -> Result<PgVersion, String> {
    for program in ["initdb", "postgres"] {
        if !bin_dir.join(program).is_file() {
            return Err(format!("there is no `{program}` in it"));
        }
    }
    let text = output(&bin_dir.join("postgres"), "--version").await?;
    PgVersion::parse(&text).ok_or_else(|| format!("`postgres --version` says {text:?}"))
}

async fn from_pg_config() -> Option<PathBuf> {
    let dir = output(Path::new("pg_config"), "--bindir").await.ok()?;
    Some(resolved(PathBuf::from(dir)))
}

/// Debian and Ubuntu, then Red Hat's and Alpine's places, newest first.
fn packaged() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    let mut keep = |parent: &str, prefix: &str, below: &str| {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if let Some(major) = name.to_str().and_then(|n| n.strip_prefix(prefix)?.parse().ok()) {
                found.push((major, entry.path().join(below)));
            }
        }
    };
    keep("/usr/lib/postgresql", "", "bin");
    keep("/usr", "pgsql-", "bin");
    keep("/usr/libexec", "postgresql", "");
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// A link in /usr/local/bin leads to where the server's other files are.
fn from_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let dir = std::env::split_paths(&path).find(|dir| dir.join("postgres").is_file())?;
    let program = fs::canonicalize(dir.join("postgres")).ok()?;
    program.parent().map(Path::to_owned)
}

fn resolved(dir: PathBuf) -> PathBuf {
    fs::canonicalize(&dir).unwrap_or(dir)
}

/// What a program prints, trimmed; or why it does not.
async fn output(program: &Path, argument: &str) -> Result<String, String> {
    let mut command = tokio::process::Command::new(program);
    command.arg(argument).stdin(Stdio::null()).kill_on_drop(true);
    let name = program.display();
    let output = tokio::time::timeout(ASK_WITHIN, command.output())
        .await
        .map_err(|_| format!("`{name}` did not answer within {} s", ASK_WITHIN.as_secs()))?
        .map_err(|e| format!("`{name}` cannot be run here ({e})"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!("`{name} {argument}` failed ({}): {said}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(major: u32, minor: u32) -> Binaries {
        Binaries {
            bin_dir: format!("/pg/{major}").into(),
            version: PgVersion { major, minor },
            origin: Origin::Packaged,
        }
    }

    #[test]
    fn a_cluster_fixes_the_major_version_and_else_tested_ones_come_first() {
        let found = [of(19, 0), of(14, 2), of(17, 1), of(15, 3)];
        assert_eq!(choose(&found, None).unwrap().version.major, 17);
        assert_eq!(choose(&found, Some(15)).unwrap().version.major, 15);
        assert_eq!(choose(&found, Some(16)), None);
        assert_eq!(choose(&found[..2], None).unwrap().version.major, 19, "newer rather than none");
        assert_eq!(choose(&found[1..2], None), None, "14 is too old");
    }
}
