//! The master key file: its mode, its damage, its succession.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use custody_keys::{KeyError, Keys, LocalKeys};
use tempfile::TempDir;

fn key_file() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    LocalKeys::open_or_create(&path).unwrap();
    (dir, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn is_made_for_its_owner_alone_and_leaves_nothing_beside_it() {
    let (dir, path) = key_file();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn is_kept_once_it_is_there() {
    let (_dir, path) = key_file();
    let before = fs::read(&path).unwrap();
    LocalKeys::open_or_create(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_wider_mode_is_refused_with_the_fix_in_words() {
    let (_dir, path) = key_file();
    for wide in [0o640, 0o604, 0o660, 0o644, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(wide)).unwrap();
        let error = LocalKeys::open_or_create(&path).unwrap_err();
        assert!(matches!(error, KeyError::Exposed { .. }));
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    LocalKeys::open_or_create(&path).unwrap();
}

#[test]
fn a_damaged_file_is_refused_and_never_replaced() {
    let (_dir, path) = key_file();
    let whole = fs::read(&path).unwrap();
    for cut in 0..whole.len() {
        write(&path, &whole[..cut]);
        assert!(LocalKeys::open_or_create(&path).is_err(), "cut at {cut}");
        assert_eq!(fs::read(&path).unwrap(), &whole[..cut]);
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x01;
        write(&path, &changed);
        assert!(LocalKeys::open_or_create(&path).is_err(), "byte {at}");
    }
}

#[test]
fn an_error_shows_no_key() {
    let (_dir, path) = key_file();
    let text = fs::read_to_string(&path).unwrap();
    let digits = text.lines().nth(1).unwrap().split(' ').nth(1).unwrap();
    write(&path, text.replace(&digits[..2], "zz"));
    let error = LocalKeys::open(&path).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&digits[4..]));
    write(&path, &text);
    let keys = LocalKeys::open(&path).unwrap();
    assert!(!format!("{keys:?}").contains(&digits[4..]));
}

#[test]
fn opening_alone_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none");
    assert!(matches!(LocalKeys::open(&path), Err(KeyError::Io { .. })));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_new_master_key_wraps_and_the_older_still_opens() {
    let (dir, path) = key_file();
    let old = Keys::local(&path).unwrap().seal("p", b"x").await.unwrap();
    let other = dir.path().join("other");
    let new_id = LocalKeys::open_or_create(&other).unwrap().key_id();
    let line = fs::read_to_string(&other).unwrap().lines().nth(1).unwrap().to_owned();
    let text = fs::read_to_string(&path).unwrap();
    write(&path, format!("{text}{line}\n"));
    assert_eq!(LocalKeys::open(&path).unwrap().key_id(), new_id);
    let both = Keys::local(&path).unwrap();
    assert_eq!(*both.open("p", &old).await.unwrap(), b"x");
    let new = both.seal("p", b"y").await.unwrap();
    assert_eq!(*Keys::local(&other).unwrap().open("p", &new).await.unwrap(), b"y");
}

#[test]
fn many_first_starts_agree_on_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    let ids: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> =
            (0..8).map(|_| scope.spawn(|| LocalKeys::open_or_create(&path).unwrap().key_id())).collect();
        starts.into_iter().map(|s| s.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
}
