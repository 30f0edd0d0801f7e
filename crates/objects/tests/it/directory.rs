//! What is the local directory's own.

use std::{
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use custody_objects::{Objects, ObjectsError, PutOptions, S3Options, layout};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    conformance::conformance,
    support::{create_only, tenant},
};

conformance!(ready);

#[expect(clippy::unused_async, reason = "a bucket is made by asking")]
async fn ready() -> (TempDir, Objects) {
    store()
}

fn store() -> (TempDir, Objects) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}/objects", folder.path().display());
    let objects = Objects::open(&url, S3Options::default()).unwrap();
    (folder, objects)
}

/// All files, whatever their names, with their paths from the store's root.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn files_and_folders_are_their_owners_alone() {
    let (folder, objects) = store();
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "x").unwrap();
    objects.put(&key, Bytes::from_static(b"x"), PutOptions::default()).await.unwrap();
    objects
        .put_stream(
            &key,
            futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"y"))]),
            PutOptions::default(),
        )
        .await
        .unwrap();
    let root = folder.path().join("objects");
    assert_eq!(files(&root), [root.join(key.as_str())], "nothing else is left");
    let mut path = root.join(key.as_str());
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    while path != root {
        path.pop();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", path.display());
    }
    assert_eq!(root.join(".unfinished").metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

/// Somebody who may write into the directory plants links; nothing is read, written, listed or
/// removed through one.
#[tokio::test]
async fn links_lead_nowhere() {
    let (folder, objects) = store();
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    let scope = tenant();
    let (job, linked_job) = (Uuid::new_v4(), Uuid::new_v4());
    let plain = layout::job_file(&scope, job, "plain").unwrap();
    objects.put(&plain, Bytes::from_static(b"plain"), PutOptions::default()).await.unwrap();
    let jobs = folder.path().join("objects/tenants").join(scope.tenant().to_string()).join("jobs");
    symlink(outside.join("secret"), jobs.join(job.to_string()).join("secret")).unwrap();
    symlink(&outside, jobs.join(linked_job.to_string())).unwrap();

    let file = layout::job_file(&scope, job, "secret").unwrap();
    let below = layout::job_file(&scope, linked_job, "secret").unwrap();
    for key in [&file, &below] {
        let answer = objects.get(key, None).await;
        assert!(matches!(answer, Err(ObjectsError::Denied { .. })), "{key}: {answer:?}");
    }
    for options in [PutOptions::default(), create_only()] {
        let answer = objects.put(&below, Bytes::from_static(b"over"), options).await;
        assert!(matches!(answer, Err(ObjectsError::Denied { .. })), "{answer:?}");
    }
    assert!(matches!(objects.delete(&below).await, Err(ObjectsError::Denied { .. })));
    let listed = objects.list(&layout::tenant(&scope), None, 10).await.unwrap();
    assert_eq!(listed.objects.iter().map(|listed| &listed.key).collect::<Vec<_>>(), [&plain]);

    // The link itself is replaced, not what it leads to.
    assert!(matches!(
        objects.put(&file, Bytes::new(), create_only()).await,
        Err(ObjectsError::AlreadyExists)
    ));
    objects.put(&file, Bytes::from_static(b"ours"), PutOptions::default()).await.unwrap();
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

/// What is no file is not waited for.
#[tokio::test]
async fn a_pipe_is_no_object() {
    let (folder, objects) = store();
    let scope = tenant();
    let job = Uuid::new_v4();
    let key = layout::job_file(&scope, job, "pipe").unwrap();
    objects
        .put(&layout::job_file(&scope, job, "x").unwrap(), Bytes::new(), PutOptions::default())
        .await
        .unwrap();
    nix::unistd::mkfifo(&folder.path().join("objects").join(key.as_str()), nix::sys::stat::Mode::S_IRWXU)
        .unwrap();
    assert!(matches!(objects.get(&key, None).await, Err(ObjectsError::Denied { .. })));
    assert_eq!(objects.list(&layout::tenant(&scope), None, 10).await.unwrap().objects.len(), 1);
}

/// A sweep takes what has no writer, and leaves the file of one that is writing.
#[tokio::test]
async fn a_sweep_knows_the_dead() {
    let (folder, objects) = store();
    let unfinished = folder.path().join("objects/.unfinished");
    std::fs::write(unfinished.join("dead"), "half").unwrap();
    let key = layout::job_file(&tenant(), Uuid::new_v4(), "x").unwrap();
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let stream = futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let writing = {
        let (objects, key) = (objects.clone(), key.clone());
        tokio::spawn(async move { objects.put_stream(&key, stream, PutOptions::default()).await })
    };
    sender.send(Ok(Bytes::from(vec![1; 1 << 20]))).await.unwrap();
    let grown = || async {
        files(&unfinished).iter().any(|path| path.metadata().unwrap().size() >= 1 << 20).then_some(())
    };
    custody_testkit::eventually("the first piece is in the file", grown).await;

    assert_eq!(objects.sweep_unfinished().await.unwrap(), 1);
    assert_eq!(files(&unfinished).len(), 1);
    drop(sender);
    assert_eq!(writing.await.unwrap().unwrap().bytes, 1 << 20);
    assert_eq!(objects.head(&key).await.unwrap().bytes, 1 << 20);
    assert_eq!(files(&unfinished), Vec::<PathBuf>::new());
}

#[test]
fn urls_that_name_no_place_are_refused() {
    for url in ["", "objects", "ftp://x/y", "file://host/path", "http://x", "s3://", "s3:///prefix"] {
        let answer = Objects::open(url, S3Options::default());
        assert!(matches!(answer, Err(ObjectsError::Refused { .. })), "{url}: {answer:?}");
    }
}
