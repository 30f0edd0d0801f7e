//! A `custody serve` to be killed: this test binary, run again as a process of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use custody_testkit::eventually;

use super::room::{Room, THIS_PROGRAM, kill_9, start_in};

const ROOM: &str = "CUSTODY_TEST_PARENT_ROOM";

/// A process that started the server of a room and holds it.
pub(super) struct Parent {
    child: Child,
    said: PathBuf,
}

impl Parent {
    pub(super) fn spawn(room: &Room) -> Self {
        let said = room.dir.join("said");
        let _ = fs::remove_file(&said);
        let child = Command::new(THIS_PROGRAM)
            .args(["--exact", "embedded::parent::process", "--ignored", "--nocapture"])
            .env(ROOM, &room.dir)
            .stdin(Stdio::null())
            .stdout(fs::File::create(room.dir.join("parent.log")).unwrap())
            .spawn()
            .unwrap();
        Self { child, said }
    }

    /// The database's URL once it is ready.
    pub(super) async fn url(&self) -> String {
        eventually("the other process has its server", || async { fs::read_to_string(&self.said).ok() }).await
    }

    pub(super) fn id(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub(super) fn kill(mut self) {
        kill_9(self.id());
        self.child.wait().unwrap();
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
#[ignore = "the other process of other tests"]
async fn process() {
    let Some(room) = std::env::var_os(ROOM) else { return };
    let room = Path::new(&room);
    let server = start_in(&room.join("data")).await.unwrap();
    fs::write(room.join("said.new"), server.url()).unwrap();
    fs::rename(room.join("said.new"), room.join("said")).unwrap();
    // To be killed long before; but never for ever.
    tokio::time::sleep(Duration::from_mins(2)).await;
}
