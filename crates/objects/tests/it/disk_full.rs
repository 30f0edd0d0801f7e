//! The disk of the objects is full, and then it is not.

use std::{path::Path, process::Command};

use bytes::Bytes;
use custody_objects::{Objects, ObjectsError, PutOptions, layout};
use futures::stream;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{create_only, pattern, tenant, whole};

const MIB: usize = 1024 * 1024;

/// A file system of its own in memory, unmounted when dropped.
struct Volume(TempDir);

impl Volume {
    /// `Err` says why this process may not mount.
    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m,mode=700", "custody-test"]).arg(folder.path());
        let output = mount.output().map_err(|error| format!("mount: {error}"))?;
        if output.status.success() {
            Ok(Self(folder))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    fn fill(&self) {
        let file = std::fs::File::create(self.0.path().join("ballast")).unwrap();
        while std::io::Write::write_all(&mut &file, &[1; 4096]).is_ok() {}
        while std::io::Write::write_all(&mut &file, &[1]).is_ok() {}
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn unfinished(root: &Path) -> usize {
    std::fs::read_dir(root.join(".unfinished")).unwrap().count()
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_leaves_nothing() {
    let volume = match Volume::mount() {
        Ok(volume) => volume,
        Err(why) => {
            eprintln!("SKIPPED disk full: no volume of its own can be mounted: {why}");
            return;
        }
    };
    let root = volume.0.path().join("objects");
    let objects = Objects::directory(&root).unwrap();
    let scope = tenant();
    let key = |name| layout::job_file(&scope, Uuid::from_u128(1), name).unwrap();
    objects.put(&key("before"), pattern(1, 2 * MIB), PutOptions::default()).await.unwrap();

    for options in [PutOptions::default(), create_only()] {
        let whole = objects.put(&key("big"), pattern(2, 16 * MIB), options.clone()).await;
        assert!(matches!(whole, Err(ObjectsError::Full)), "{whole:?}");
        let body = stream::iter((0..16).map(|_| Ok::<_, std::io::Error>(pattern(2, MIB))));
        let streamed = objects.put_stream(&key("big"), body, options).await;
        assert!(matches!(streamed, Err(ObjectsError::Full)), "{streamed:?}");
        assert_eq!(unfinished(&root), 0);
    }
    // What was there is not replaced by a part of what should have come.
    let over = objects.put(&key("before"), pattern(3, 7 * MIB), PutOptions::default()).await;
    assert!(matches!(over, Err(ObjectsError::Full)), "{over:?}");
    assert_eq!(whole(&objects, &key("before")).await.unwrap(), pattern(1, 2 * MIB));

    volume.fill();
    let other = tenant();
    for scope in [&scope, &other] {
        let key = layout::anchor(scope, 0, 1);
        let small = objects.put(&key, Bytes::from_static(b"small"), create_only()).await;
        assert!(matches!(small, Err(ObjectsError::Full)), "{small:?}");
    }
    assert!(matches!(objects.check().await, Err(ObjectsError::Full)));
    assert_eq!(unfinished(&root), 0);
    let listed = objects.list(&layout::tenant(&scope), None, 10).await.unwrap();
    assert_eq!(listed.objects.iter().map(|listed| &listed.key).collect::<Vec<_>>(), [&key("before")]);
    assert_eq!(objects.list(&layout::tenant(&other), None, 10).await.unwrap().objects, []);

    std::fs::remove_file(volume.0.path().join("ballast")).unwrap();
    objects.check().await.unwrap();
    objects.put(&key("after"), pattern(4, MIB), create_only()).await.unwrap();
}
