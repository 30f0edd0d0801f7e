//! What the server that ran in this data directory before still holds: leases, where it was killed.
//!
//! Without this its tenants would not be followed until those expired. That it is gone is certain: the
//! lock on the data directory passes on when a process dies, and not sooner. It is so whichever
//! database there is, and says nothing of the servers of other data directories, whose leases stay.
//! Should the file be another's after all (a data directory that was copied), that one's leases pass
//! on with higher tokens, as any do: it loses some seconds, and can write nothing that it must not.

use std::{fs, io, path::Path, time::Duration};

use custody_ledger::follow;
use custody_queue::worker;
use custody_store::Store;
use uuid::Uuid;

/// A transaction of the dead server may still hold the rows, where the database has not heard of its
/// end. Then the start goes on, and the leases expire.
const PATIENCE: Duration = Duration::from_secs(2);

/// Hands back the predecessor's leases. The lock on the data directory must be held.
pub(super) async fn hand_back(store: &Store, file: &Path) {
    let Some(predecessor) = read(file) else { return };
    let handed_back = async {
        follow::hand_back(store, &follow::NAMES, predecessor).await;
        worker::hand_over(store, predecessor).await;
    };
    if tokio::time::timeout(PATIENCE, handed_back).await.is_err() {
        tracing::warn!("the last server's leases are still in use; they expire");
    }
}

/// For the successor. Only a hint: a start that finds no file, or half of one, waits as any other does.
pub(super) fn note(file: &Path, holder: Uuid) {
    if let Err(error) = fs::write(file, format!("{holder}\n")) {
        let path = file.display();
        tracing::warn!(%error, %path, "not written; after a crash followers would wait for their leases");
    }
}

fn read(file: &Path) -> Option<Uuid> {
    match fs::read_to_string(file) {
        Ok(text) => text.trim_end().parse().ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(%error, path = %file.display(), "the last server's leases are not known");
            None
        }
    }
}
