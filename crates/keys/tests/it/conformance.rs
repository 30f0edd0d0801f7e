//! What every part behind the port must do. A new part adds one test that calls [`holds`].

use std::sync::Arc;

use custody_keys::{KeyError, KeyPort, Keys, LocalKeys};
use proptest::prelude::*;

async fn holds(port: Arc<dyn KeyPort>, stranger: Arc<dyn KeyPort>) {
    wraps_and_unwraps(&*port).await;
    let keys = Keys::new(port);
    opens_what_it_sealed(&keys).await;
    refuses_another_purpose(&keys).await;
    refuses_every_flipped_byte_and_every_cut(&keys).await;
    never_seals_the_same_way_twice(&keys).await;
    another_master_key_opens_nothing(&keys, &Keys::new(stranger)).await;
}

async fn wraps_and_unwraps(port: &dyn KeyPort) {
    let wrapped = port.wrap("a", b"data key").await.unwrap();
    assert_eq!(*port.unwrap("a", &wrapped).await.unwrap(), b"data key");
    assert!(port.unwrap("b", &wrapped).await.is_err());
    assert!(port.wrap("a", &[0; 4096]).await.is_ok());
    assert!(port.wrap("a", &[0; 4097]).await.is_err());
}

async fn opens_what_it_sealed(keys: &Keys) {
    for len in [0, 1, 31, 32, 33, 5_000, 1_100_000] {
        let plain: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let sealed = keys.seal("quarantine", &plain).await.unwrap();
        assert_eq!(*keys.open("quarantine", &sealed).await.unwrap(), plain);
    }
}

async fn refuses_another_purpose(keys: &Keys) {
    let sealed = keys.seal("signing_keys", b"secret").await.unwrap();
    for purpose in ["", "signing_key", "signing_keys ", "quarantine"] {
        assert!(keys.open(purpose, &sealed).await.is_err(), "{purpose:?}");
    }
}

async fn refuses_every_flipped_byte_and_every_cut(keys: &Keys) {
    let sealed = keys.seal("p", b"some secret of ours").await.unwrap();
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 0x01;
        assert!(keys.open("p", &changed).await.is_err(), "byte {at}");
        assert!(keys.open("p", &sealed[..at]).await.is_err(), "cut at {at}");
    }
    let longer = [&sealed[..], &[0]].concat();
    assert!(keys.open("p", &longer).await.is_err());
}

async fn never_seals_the_same_way_twice(keys: &Keys) {
    let one = keys.seal("p", b"x").await.unwrap();
    assert_ne!(one, keys.seal("p", b"x").await.unwrap());
}

async fn another_master_key_opens_nothing(keys: &Keys, stranger: &Keys) {
    let sealed = keys.seal("p", b"x").await.unwrap();
    assert!(stranger.open("p", &sealed).await.is_err());
}

#[tokio::test]
async fn the_local_part_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let one = LocalKeys::open_or_create(&dir.path().join("one")).unwrap();
    let two = LocalKeys::open_or_create(&dir.path().join("two")).unwrap();
    holds(Arc::new(one), Arc::new(two)).await;
}

#[tokio::test]
async fn a_missing_master_key_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let one = LocalKeys::open_or_create(&dir.path().join("one")).unwrap();
    let id = one.key_id();
    let sealed = Keys::new(Arc::new(one)).seal("p", b"x").await.unwrap();
    let two = Keys::local(&dir.path().join("two")).unwrap();
    match two.open("p", &sealed).await.unwrap_err() {
        KeyError::UnknownKey { key_id } => assert_eq!(key_id, id),
        other => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn garbage_never_opens_and_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::local(&dir.path().join("key")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert!(runtime.block_on(keys.open("p", &bytes)).is_err());
    }
}
