//! What kill -9 leaves, and what the next start makes of it.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use custody_store::embedded::{DataDirError, EmbeddedError, binaries};
use custody_testkit::eventually;

use super::{
    parent::Parent,
    room::{Room, ask, config, is_alive, is_root, kill_9, run},
};

#[tokio::test]
async fn a_parent_that_is_killed_takes_its_server_along_and_nothing_is_lost() {
    let room = Room::new();
    let parent = Parent::spawn(&room);
    let url = parent.url().await;
    run(&url, "CREATE TABLE kept (n int)").await;
    run(&url, "INSERT INTO kept VALUES (1)").await;
    let postmaster = room.postmaster();
    parent.kill();
    // At once: the old server may still be shutting down.
    let server = room.start().await;
    assert!(!is_alive(postmaster));
    assert_eq!(ask(server.url(), "SELECT n::text FROM kept").await, "1");
    server.stop().await;
    room.nothing_is_left().await;
}

#[tokio::test]
async fn a_killed_parent_leaves_no_server_even_if_nobody_starts_again() {
    let room = Room::new();
    let parent = Parent::spawn(&room);
    parent.url().await;
    parent.kill();
    room.nothing_is_left().await;
    assert!(!room.layout().cluster().join("postmaster.pid").exists(), "it shut down in order");
}

#[tokio::test]
async fn parent_and_server_killed_together_mean_a_recovery() {
    let room = Room::new();
    let parent = Parent::spawn(&room);
    let url = parent.url().await;
    run(&url, "CREATE TABLE kept (n int)").await;
    run(&url, "INSERT INTO kept VALUES (2)").await;
    let postmaster = room.postmaster();
    freeze(postmaster);
    parent.kill();
    kill_9(postmaster);
    let server = room.start().await;
    assert_eq!(ask(server.url(), "SELECT n::text FROM kept").await, "2");
    server.stop().await;
    room.nothing_is_left().await;
}

#[tokio::test]
async fn a_parent_that_is_killed_during_initdb_leaves_a_directory_that_starts() {
    let room = Room::new();
    let parent = Parent::spawn(&room);
    let fresh = format!("cluster.new-{}", parent.id());
    let begun = room.layout().database().join(fresh).join("base");
    eventually("initdb has begun", || async {
        (begun.exists() || room.layout().cluster().exists()).then_some(())
    })
    .await;
    parent.kill();
    let server = room.start().await;
    assert_eq!(ask(server.url(), "SELECT current_user::text").await, "custody_owner");
    assert!(!begun.exists());
    server.stop().await;
    room.nothing_is_left().await;
}

#[tokio::test]
async fn an_orphan_that_outlived_its_parent_is_stopped_and_replaced() {
    let room = Room::new();
    room.start().await.stop().await;
    // As an earlier server looks that no signal reached: no parent of ours, same cluster.
    let mut orphan = by_hand(&room).await;
    let pid = i32::try_from(orphan.id()).unwrap();
    eventually("the orphan runs", || async {
        room.layout().cluster().join("postmaster.pid").exists().then_some(())
    })
    .await;
    let server = room.start().await;
    assert_ne!(room.postmaster(), pid);
    orphan.wait().unwrap();
    server.stop().await;
    room.nothing_is_left().await;
}

/// What is stopped cannot act on its parent's death.
pub(super) fn freeze(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGSTOP).unwrap();
}

async fn by_hand(room: &Room) -> Child {
    let found = binaries::find(&config().binaries, None, None).await.unwrap();
    let cluster = room.layout().cluster();
    let mut command = Command::new(found.bin_dir.join("postgres"));
    command.arg("-D").arg(&cluster).args(["-c", "listen_addresses=", "-c"]);
    command.arg(format!("unix_socket_directories={}", room.layout().run().display()));
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    become_owner(&mut command, &cluster);
    command.spawn().unwrap()
}

fn become_owner(command: &mut Command, path: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    if is_root() {
        let owner = fs::metadata(path).unwrap();
        command.uid(owner.uid()).gid(owner.gid());
    }
}

/// The number in a stale pid file may belong to anybody by now.
#[tokio::test]
async fn a_stale_pid_file_never_harms_the_process_that_has_its_number_now() {
    let room = Room::new();
    room.start().await.stop().await;
    let mut bystander = Command::new("sleep");
    bystander.arg("60");
    become_owner(&mut bystander, &room.layout().cluster());
    let mut bystander = bystander.spawn().unwrap();
    write_pid_file(&room, bystander.id());
    let server = room.start().await;
    assert!(bystander.try_wait().unwrap().is_none(), "the bystander was not signalled");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    server.stop().await;
    room.nothing_is_left().await;
}

/// As under a PID 1 that reaps nobody, in many containers.
#[tokio::test]
async fn a_dead_server_that_nobody_reaped_does_not_count_as_running() {
    let room = Room::new();
    room.start().await.stop().await;
    let mut zombie = Command::new("sleep");
    zombie.arg("60");
    become_owner(&mut zombie, &room.layout().cluster());
    let mut zombie = zombie.spawn().unwrap();
    zombie.kill().unwrap();
    write_pid_file(&room, zombie.id());
    let server = room.start().await;
    server.stop().await;
    zombie.wait().unwrap();
    room.nothing_is_left().await;
}

fn write_pid_file(room: &Room, pid: u32) {
    let cluster = room.layout().cluster();
    let path = cluster.join("postmaster.pid");
    let text = format!(
        "{pid}\n{}\n1760000000\n5432\n{}\n\n  1234 1\nready   \n",
        cluster.display(),
        room.layout().run().display()
    );
    fs::write(&path, text).unwrap();
    if is_root() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let owner = fs::metadata(&cluster).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}

/// A process of an earlier server that this machine's view does not show, as from another container
/// on the same volume: all that is left to see of it is its lock.
#[tokio::test]
async fn while_an_unseen_process_holds_the_server_lock_nothing_starts() {
    let room = Room::new();
    room.start().await.stop().await;
    let lock = fs::File::open(room.layout().server_lock()).unwrap();
    lock.try_lock().unwrap();
    let data_dir = room.open().await;
    let mut impatient = config();
    impatient.stop_within = Duration::from_millis(200);
    let error = custody_store::embedded::Server::start(data_dir, &impatient, &room.keys()).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Occupied { .. }), "{error}");
    lock.unlock().unwrap();
    room.start().await.stop().await;
}

#[tokio::test]
async fn a_second_server_on_one_directory_is_told_which_process_has_it() {
    let room = Room::new();
    let parent = Parent::spawn(&room);
    parent.url().await;
    let error = room.try_start().await.unwrap_err();
    assert!(matches!(error, EmbeddedError::DataDir(DataDirError::Held { .. })), "{error}");
    let words = error.to_string();
    assert!(words.contains(&format!("process {} (serve)", parent.id())), "{words}");
    assert!(words.contains("CUSTODY_DATA_DIR"), "{words}");
    parent.kill();
    room.nothing_is_left().await;
}
