//! What makes followers look: this process's own commits at once, other processes' by an announcement.
//! Both are hints; a follower that hears neither still looks every second.

use std::time::Duration;

use custody_store::{
    Store,
    announcements::{self, Announcements, Channel},
};
use tokio::sync::watch;

const LISTEN_PAUSE: Duration = Duration::from_secs(1);

/// Announces this process's commits to the others, for ever. Every process that appends runs it.
pub async fn announce(store: Store, moved: watch::Receiver<u64>) {
    announcements::keep_announcing(&store, moved, Channel::Log).await;
}

/// Turns this process's commits and the others' announcements into one signal, for ever.
pub(super) async fn gather(store: Store, mut moved: watch::Receiver<u64>, wake: watch::Sender<u64>) {
    let own = async {
        while moved.changed().await.is_ok() {
            wake.send_modify(|n| *n += 1);
        }
    };
    let others = async {
        while let Some(error) = hear(&store, &wake).await {
            tracing::debug!(%error, "announcements of other servers are not heard");
            tokio::time::sleep(LISTEN_PAUSE).await;
        }
    };
    tokio::join!(own, others);
}

/// Until the connection is lost; none where there is nothing to be heard.
async fn hear(store: &Store, wake: &watch::Sender<u64>) -> Option<custody_store::StoreError> {
    let mut announcements = match Announcements::listen(store, &[Channel::Log]).await {
        Ok(announcements) => announcements?,
        Err(error) => return Some(error),
    };
    loop {
        if let Err(error) = announcements.heard().await {
            return Some(error);
        }
        wake.send_modify(|n| *n += 1);
    }
}
