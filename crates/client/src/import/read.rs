//! Reads all files, one after another, into batches.

use tokio::sync::mpsc::Sender;

use super::{
    batch::Batch,
    faults::{Fault, FileFault},
    files::{Found, Named},
    items::Items,
    progress::Progress,
};

/// What the reader hands on.
#[derive(Debug)]
pub(super) enum Read {
    /// Full, or the last.
    Batch(Batch),
    Fault(FileFault),
    /// A file was read to its end, or to where it could not be read on.
    File,
}

/// The sender gave up.
struct Stopped;

/// Reads until the end, or until nobody listens any more. Runs on a thread that may block.
pub(super) fn all(found: Found, progress: &Progress, to: &Sender<Read>) {
    let _ = each(found, progress, to);
}

fn each(found: Found, progress: &Progress, to: &Sender<Read>) -> Result<(), Stopped> {
    for fault in found.faults {
        hand_on(to, Read::Fault(fault))?;
    }
    let mut batch = Batch::default();
    for file in found.files {
        match file.open(progress) {
            Ok(input) => batch = file_items(&file, Items::new(input, file.is_by_lines()), batch, to)?,
            Err(error) => {
                let fault = Fault { place: None, detail: error.to_string() };
                hand_on(to, Read::Fault(FileFault::new(&file.path, fault)))?;
            }
        }
        hand_on(to, Read::File)?;
    }
    if !batch.is_empty() {
        hand_on(to, Read::Batch(batch))?;
    }
    Ok(())
}

/// Adds a file's items to `batch`, handing on what is full, and answers what is left.
fn file_items(
    file: &Named,
    items: Items<impl std::io::BufRead>,
    mut batch: Batch,
    to: &Sender<Read>,
) -> Result<Batch, Stopped> {
    for found in items {
        match found {
            Ok(item) => {
                if batch.is_full_for(&item) {
                    hand_on(to, Read::Batch(std::mem::take(&mut batch)))?;
                }
                batch.push(&file.path, item);
            }
            Err(fault) => hand_on(to, Read::Fault(FileFault::new(&file.path, fault)))?,
        }
    }
    Ok(batch)
}

fn hand_on(to: &Sender<Read>, read: Read) -> Result<(), Stopped> {
    to.blocking_send(read).map_err(|_| Stopped)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use std::fs;

    use super::*;
    use crate::import::files;

    fn read(paths: &[std::path::PathBuf]) -> (usize, Vec<String>, usize) {
        let (to, mut from) = tokio::sync::mpsc::channel(100);
        all(files::find(paths), &Progress::start(0), &to);
        drop(to);
        let (mut items, mut faults, mut files) = (0, Vec::new(), 0);
        while let Some(read) = from.blocking_recv() {
            match read {
                Read::Batch(batch) => items += batch.items.len(),
                Read::Fault(fault) => faults.push(fault.to_string()),
                Read::File => files += 1,
            }
        }
        (items, faults, files)
    }

    #[test]
    fn a_bad_file_does_not_keep_the_others_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("1.json"), r#"{"Records":[{"a":1},{"b""#).unwrap();
        fs::write(dir.path().join("2.log"), "hello").unwrap();
        fs::write(dir.path().join("3.json"), r#"[{"a":1},{"b":2}]"#).unwrap();
        let (items, faults, files) = read(&[dir.path().to_owned()]);
        assert_eq!((items, files), (3, 3));
        assert!(faults[0].ends_with("1.json:1: byte 20: the file ends within an item: it is truncated"));
        assert!(faults[1].contains("2.log:1: byte 0: not JSON"), "{faults:?}");
    }
}
