//! Writing an object, and removing one.

use std::{
    io::{self, BufWriter, Write as _},
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::{Directory, folders::Folders, lost, unfinished::Unfinished};
use crate::{Key, ObjectsError, Stored};

/// How many pieces of a stream wait for the disk.
const WAITING_MAX: usize = 4;
/// What is gathered of small pieces before it is written.
const BUFFER_BYTES: usize = 256 * 1024;

/// What a stream's writer is sent. A stream whose end does not come was broken off.
enum Piece {
    Bytes(Bytes),
    End,
}

pub(super) async fn whole(
    directory: &Directory,
    key: &Key,
    bytes: Bytes,
    create_only: bool,
) -> Result<Stored, ObjectsError> {
    let (key, written) = (key.clone(), bytes.clone());
    let write = directory.blocking(move |folders| {
        let mut file = Unfinished::begin(folders)?;
        file.write_all(&written)?;
        file.keep(&key, create_only)
    });
    // Beside the writing, because the disk is waited for in it.
    let size = bytes.len() as u64;
    let hash = tokio::task::spawn_blocking(move || Sha256::digest(&bytes).into());
    let (etag, sha256) = tokio::join!(write, hash);
    Ok(Stored { bytes: size, sha256: sha256.map_err(|_| lost())?, etag: etag?, locked: false })
}

pub(super) async fn streamed(
    directory: &Directory,
    key: &Key,
    mut stream: BoxStream<'_, Result<Bytes, ObjectsError>>,
    create_only: bool,
) -> Result<Stored, ObjectsError> {
    let (sender, pieces) = mpsc::channel(WAITING_MAX);
    let (folders, key) = (Arc::clone(&directory.folders), key.clone());
    let writer = tokio::task::spawn_blocking(move || write_pieces(&folders, &key, pieces, create_only));
    let (mut broken, mut hash, mut size) = (None, Sha256::new(), 0);
    loop {
        let piece = match stream.next().await {
            Some(Ok(bytes)) => {
                // Here and not where it is written, so that the two go on beside each other.
                hash.update(&bytes);
                size += bytes.len() as u64;
                Piece::Bytes(bytes)
            }
            Some(Err(error)) => {
                broken = Some(error);
                break;
            }
            None => {
                let _ = sender.send(Piece::End).await;
                break;
            }
        };
        // The writer has failed, and says why below.
        if sender.send(piece).await.is_err() {
            break;
        }
    }
    drop(sender);
    let written = writer.await.map_err(|_| lost())?;
    let etag = broken.map_or(written, Err)?;
    Ok(Stored { bytes: size, sha256: hash.finalize().into(), etag, locked: false })
}

fn write_pieces(
    folders: &Folders,
    key: &Key,
    mut pieces: mpsc::Receiver<Piece>,
    create_only: bool,
) -> Result<String, ObjectsError> {
    let mut file = BufWriter::with_capacity(BUFFER_BYTES, Unfinished::begin(folders)?);
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Bytes(bytes) => file.write_all(&bytes)?,
            Piece::End => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                return file.keep(key, create_only);
            }
        }
    }
    // Whoever sent it is gone; nobody reads this.
    Err(ObjectsError::unavailable("the stream was given up"))
}

pub(super) fn delete(folders: &Folders, key: &Key) -> Result<(), ObjectsError> {
    let (path, name) = key.as_str().rsplit_once('/').unwrap_or(("", key.as_str()));
    let folder = folders.find(path)?;
    unlinkat(&folder, name, UnlinkatFlags::NoRemoveDir)?;
    Ok(fsync(&folder)?)
}
