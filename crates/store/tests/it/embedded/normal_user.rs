//! All of it again as a user who is not root.

use std::{fs, os::unix::fs::chown, process::Stdio, time::Duration};

use super::room::{Room, THIS_PROGRAM, is_root};

/// The other tests' bounds together, and room for a loaded machine.
const WITHIN: Duration = Duration::from_mins(5);

#[tokio::test]
async fn as_a_normal_user() {
    if !is_root() {
        return; // then all the others are it
    }
    let nobody = nix::unistd::User::from_name("nobody").unwrap().expect("there is a user `nobody`");
    let (uid, gid) = (nobody.uid.as_raw(), nobody.gid.as_raw());
    let room = Room::new();
    // The build's folder may be closed to others.
    let program = room.dir.join("it");
    fs::copy(THIS_PROGRAM, &program).unwrap();
    let temporary = room.dir.join("tmp");
    fs::create_dir(&temporary).unwrap();
    chown(&temporary, Some(uid), Some(gid)).unwrap();
    let log = room.dir.join("log");
    let mut child = tokio::process::Command::new(&program)
        .args(["embedded::", "--skip", "as_a_normal_user", "--skip", "embedded::binaries"])
        .env("TMPDIR", &temporary)
        .env("HOME", &temporary)
        .current_dir(&temporary)
        .uid(uid)
        .gid(gid)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&log).unwrap())
        .stderr(fs::File::create(room.dir.join("errors")).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let ended = tokio::time::timeout(WITHIN, child.wait()).await;
    let said = fs::read_to_string(&log).unwrap();
    let status = ended.unwrap_or_else(|_| panic!("as nobody: not done in time\n{said}")).unwrap();
    assert!(status.success(), "as nobody: {status}\n{said}");
    assert!(said.contains("test result: ok"), "{said}");
}
