//! Directories that will not do, and the words that say what will.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use custody_store::embedded::{DataDir, DataDirError, EmbeddedError, Purpose};

use super::room::{Room, is_root};

async fn refusal(path: &Path) -> DataDirError {
    DataDir::open(path, Purpose::Serve).await.expect_err("it is refused")
}

#[tokio::test]
async fn a_newer_layout_is_left_alone() {
    let room = Room::new();
    drop(room.open().await);
    fs::write(room.layout().version(), "custody data directory, layout 2\n").unwrap();
    let error = refusal(&room.data()).await;
    assert!(matches!(error, DataDirError::Newer { found: 2, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("newer custody"), "{error}");
    assert_eq!(fs::read_to_string(room.layout().version()).unwrap(), "custody data directory, layout 2\n");
}

#[tokio::test]
async fn a_version_that_cannot_be_read_is_not_guessed() {
    let room = Room::new();
    drop(room.open().await);
    for damaged in [&b""[..], b"2", b"custody data directory, layout 0\n", b"\xff\xfe"] {
        fs::write(room.layout().version(), damaged).unwrap();
        let error = refusal(&room.data()).await;
        assert!(matches!(error, DataDirError::Damaged { .. }), "{damaged:?}: {error}");
    }
}

#[tokio::test]
async fn a_database_whose_version_file_is_gone_is_not_taken_for_a_new_directory() {
    let room = Room::new();
    drop(room.open().await);
    fs::create_dir_all(room.layout().cluster()).unwrap();
    fs::remove_file(room.layout().version()).unwrap();
    let error = refusal(&room.data()).await;
    assert!(matches!(error, DataDirError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn somebody_elses_folder_is_not_moved_into() {
    let room = Room::new();
    fs::create_dir(room.data()).unwrap();
    fs::write(room.data().join("thesis.odt"), "").unwrap();
    let error = refusal(&room.data()).await;
    assert!(matches!(error, DataDirError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("thesis.odt"), "{error}");
    assert_eq!(fs::read_dir(room.data()).unwrap().count(), 1, "nothing was written");
}

#[tokio::test]
async fn a_file_is_no_directory() {
    let room = Room::new();
    fs::write(room.data(), "").unwrap();
    for path in [room.data(), room.data().join("below")] {
        let error = refusal(&path).await;
        assert!(matches!(error, DataDirError::NotADirectory { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_directory_of_someone_elses_says_whose_hand_is_missing() {
    if is_root() {
        return; // root may write everywhere; `as_a_normal_user` runs this one
    }
    let room = Room::new();
    drop(room.open().await);
    fs::set_permissions(room.layout().lock(), fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(room.data(), fs::Permissions::from_mode(0o555)).unwrap();
    let error = refusal(&room.data()).await;
    assert!(matches!(error, DataDirError::Denied { .. }), "{error}");
    let error = refusal(&room.data().join("deeper")).await;
    assert!(matches!(error, DataDirError::Denied { .. }), "{error}");
    assert!(error.to_string().contains("chown"), "{error}");
    fs::set_permissions(room.data(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_way_that_the_database_user_cannot_go_is_named_with_its_fix() {
    if !is_root() {
        return; // the server runs as oneself then
    }
    let room = Room::new();
    let closed = room.dir.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let error = super::room::start_in(&closed.join("below/data")).await.unwrap_err();
    let EmbeddedError::Untraversable { offender, .. } = &error else { panic!("{error}") };
    assert_eq!(offender, &closed);
    let words = error.to_string();
    assert!(words.contains(&format!("chmod o+x '{}'", closed.display())), "{words}");
    // And the fix is one.
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o701)).unwrap();
    super::room::start_in(&closed.join("below/data")).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_volume_that_is_full_or_read_only_says_so() {
    let room = Room::new();
    let Some(volume) = Volume::mount(&room.dir.join("volume")) else { return };
    let data = volume.0.join("data");
    let error = refusal(&data).await;
    assert!(matches!(error, DataDirError::Full { free_mib: 0..=8, needed_mib: 256, .. }), "{error}");
    fs::write(volume.0.join("filler"), vec![0; 16 << 20]).unwrap_err();
    let error = refusal(&volume.0.join("other")).await;
    assert!(matches!(error, DataDirError::Full { .. }), "{error}");
    fs::remove_file(volume.0.join("filler")).unwrap();
    volume.remount_read_only();
    for path in [data, volume.0.join("new")] {
        let error = refusal(&path).await;
        assert!(matches!(error, DataDirError::ReadOnly { .. }), "{error}");
    }
}

/// A volume of 8 MiB, where this user may mount one.
struct Volume(std::path::PathBuf);

impl Volume {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m,mode=755", "none"]).arg(at).output();
        mounted.is_ok_and(|out| out.status.success()).then(|| Self(at.to_owned()))
    }

    fn remount_read_only(&self) {
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test]
async fn another_master_key_opens_nothing_and_says_which_file_to_restore() {
    let room = Room::new();
    room.start().await.stop().await;
    fs::remove_file(room.layout().key_file()).unwrap();
    let error = room.try_start().await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Secret { .. }), "{error}");
    assert!(error.to_string().contains("restore the key file"), "{error}");
    room.nothing_is_left().await;
}

#[tokio::test]
async fn a_cluster_without_its_password_file_is_not_made_anew() {
    let room = Room::new();
    room.start().await.stop().await;
    fs::remove_file(room.layout().superuser_secret()).unwrap();
    let error = room.try_start().await.unwrap_err();
    assert!(matches!(error, EmbeddedError::SecretLost { .. }), "{error}");
}

#[tokio::test]
async fn settings_that_the_server_refuses_are_quoted_from_its_log() {
    let room = Room::new();
    room.start().await.stop().await;
    fs::write(room.layout().extra_settings(), "shared_buffers = lots\n").unwrap();
    let error = room.try_start().await.unwrap_err();
    let words = error.to_string();
    assert!(words.contains("shared_buffers"), "{words}");
    assert!(words.contains("server.log"), "{words}");
    fs::write(room.layout().extra_settings(), "work_mem = '6MB'\nfsync = off\n").unwrap();
    let server = room.start().await;
    assert_eq!(super::room::ask(server.url(), "SELECT current_setting('work_mem')").await, "6MB");
    assert_eq!(
        super::room::ask(server.url(), "SELECT current_setting('fsync')").await,
        "on",
        "not a matter of taste"
    );
    server.stop().await;
}
