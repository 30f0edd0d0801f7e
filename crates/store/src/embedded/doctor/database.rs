//! The private server: its programs, its user, itself.

use super::Finding;
use crate::embedded::{
    Config, EmbeddedError, Layout,
    account::{self, Account},
    binaries::{self, Binaries, BinariesError, MAJOR_MAX, Origin},
    cluster,
    lock::{self, Held},
    orphan,
    postmaster::{self, Identity, PidFile},
};

pub(super) async fn programs(config: &Config, layout: &Layout) -> Finding {
    let what = "PostgreSQL programs";
    let package = "install the system's package, which gets its security updates (Debian, Ubuntu: apt install postgresql)";
    let looking = binaries::Config { fetch: false, ..config.binaries.clone() };
    let major = cluster::major(layout);
    let found = match binaries::find(&looking, major, Some(&layout.programs())).await {
        Ok(found) => found,
        Err(BinariesError::None | BinariesError::OtherMajor { .. })
            if config.binaries.fetch && may_be_fetched(major) =>
        {
            let detail =
                format!("none on this machine; the next start fetches release {}", binaries::RELEASE);
            return Finding::warn(what, detail, package);
        }
        Err(error) => return Finding::of_error(what, &error),
    };
    let Binaries { version, origin, .. } = &found;
    let detail = format!("{version} in {} ({})", found.bin_dir.display(), origin.as_str());
    if version.major > MAJOR_MAX {
        let detail = format!("{detail} is newer than what custody is tested with");
        return Finding::warn(what, detail, format!("install PostgreSQL {MAJOR_MAX}"));
    }
    match origin {
        Origin::Fetched => Finding::warn(what, detail, package),
        _ => Finding::ok(what, detail),
    }
}

fn may_be_fetched(major: Option<u32>) -> bool {
    major.is_none_or(|major| binaries::RELEASE.starts_with(&format!("{major}.")))
}

pub(super) fn user(config: &Config, layout: &Layout) -> Finding {
    let what = "database user";
    let account = match Account::choose(config.user.as_deref(), layout) {
        Ok(account) => account,
        Err(error) => return Finding::of_error(what, &error),
    };
    match account.first_closed(layout.root()) {
        Some(offender) => {
            let fix =
                format!("chmod o+x '{}', or choose another place with CUSTODY_DATA_DIR", offender.display());
            Finding::bad(what, format!("`{}` may not pass through {}", account.name, offender.display()), fix)
        }
        None => Finding::ok(what, account.name),
    }
}

pub(super) fn server(layout: &Layout) -> Finding {
    let what = "private database";
    let cluster = layout.cluster();
    if !cluster.exists() {
        return Finding::ok(what, "not made yet; the first start makes it");
    }
    let file = match PidFile::read(&cluster) {
        Ok(file) => file,
        Err(e) => {
            let detail = EmbeddedError::io("read", postmaster::pid_file_path(&cluster))(e);
            return Finding::bad(
                what,
                detail.to_string(),
                format!(
                    "run this as root or as the owner of {} (you are {})",
                    cluster.display(),
                    account::my_name()
                ),
            );
        }
    };
    let held = layout.server_lock().exists() && orphan::server_lock_is_held(layout).unwrap_or(false);
    let served = matches!(lock::peek(layout), Ok(Held::By(_) | Held::Silently));
    let Some(file) = file else {
        return if held {
            Finding::warn(
                what,
                "processes of a server are left",
                "wait a moment; the next start waits for them",
            )
        } else {
            Finding::ok(what, "not running")
        };
    };
    match (postmaster::identify(file.pid, &cluster), served) {
        (Identity::Ours, true) if file.ready => Finding::ok(what, format!("running, process {}", file.pid)),
        (Identity::Ours, true) => Finding::warn(
            what,
            format!("starting, recovering or stopping, process {}", file.pid),
            "wait a moment",
        ),
        (Identity::Ours, false) => Finding::warn(
            what,
            format!("process {} was left by a custody that was killed", file.pid),
            "nothing: the next start stops and replaces it",
        ),
        (Identity::Unclear, _) => Finding::warn(
            what,
            format!("process {} may be its server", file.pid),
            "stop it if no custody runs",
        ),
        (Identity::Gone | Identity::Other, _) => Finding::warn(
            what,
            "it was killed and left its pid file",
            "nothing: the next start removes it and recovers",
        ),
    }
}
