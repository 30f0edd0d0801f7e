//! No room for a scan's temporary home.

use std::{path::PathBuf, process::Command, time::Duration};

use custody_testkit::{Fault, HttpFaults, TestDatabase};

use super::{
    account::{Account, S3, SQS, ask, completed, ended, folder, order, python, until},
    walk::is_of_queues,
};
use crate::support::{Server, server::Options};

/// A disk of its own, as small as one likes; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this user may not mount, which is said.
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=755"), "tmpfs"])
            .arg(&at)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at));
        }
        eprintln!("SKIPPED disk_full: this user may mount no disk");
        None
    }

    fn grow(&self, size: &str) {
        let grown = Command::new("mount")
            .args(["-o", &format!("remount,size={size}")])
            .arg(&self.0)
            .status()
            .unwrap();
        assert!(grown.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_fails_the_scan_with_its_reason_and_nothing_else() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let folder = folder();
    let data = folder.path().join("data");
    let database = Some(TestDatabase::create().await.url().to_owned());
    let environment = vec![("CUSTODY_SCAN_ALLOW_LOCAL".to_owned(), "true".to_owned())];
    let options = Options { database, data: Some(data.clone()), environment, ..Options::default() };
    let server = Server::start(options).await;
    let Some(disk) = SmallDisk::mount(data.join("scans"), "16m") else { return };
    let tenant = server.tenant().await;
    let one = ask(&tenant.admin, &order(&account.url, &[S3[0]])).await;
    completed(&tenant.admin, &one).await;

    disk.grow("64k");
    let two = ask(&tenant.admin, &order(&account.url, &[S3[0]])).await;
    let scan = ended(&tenant.admin, &two).await;
    assert_eq!(scan["status"], "failed", "{scan}");
    let failure = scan["failure"].as_str().unwrap();
    assert!(failure.contains("No space left on device"), "{failure}");
    assert_eq!(std::fs::read_dir(data.join("scans")).unwrap().count(), 0, "half a home is left");
    // Everything else goes on, and scans too when there is room.
    tenant.write("billing.charge").await;
    disk.grow("16m");
    let three = ask(&tenant.admin, &order(&account.url, &[S3[0]])).await;
    completed(&tenant.admin, &three).await;

    // Where it fills in the middle, what runs has what it needs: it goes on to its end.
    let wire = HttpFaults::start(&account.url).await;
    let slowly = Fault::Slow(Duration::from_secs(3));
    wire.set_where(slowly, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let four = ask(&tenant.admin, &order(wire.url(), &[S3[0], S3[1], SQS])).await;
    until(&tenant.admin, &four, "it runs", |scan| scan["progress"]["checks_done"] == 2).await;
    let filler = data.join("scans/filler");
    let full = std::fs::write(&filler, vec![1; 32 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let scan = completed(&tenant.admin, &four).await;
    assert_eq!(scan["progress"]["checks_done"], 3, "{scan}");
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(std::fs::read_dir(data.join("scans")).unwrap().count(), 0, "half a home is left");
    assert!(server.stop().await.success());
}
