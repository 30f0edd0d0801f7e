//! What makes followers look: this process's own commits at once, other processes' by an announcement.
//! Both are hints; a follower that hears neither still looks every second.

use custody_store::{
    Store,
    announcements::{self, Channel},
};
use tokio::sync::watch;

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
    let others = announcements::keep_listening(&store, &[Channel::Log], |_| wake.send_modify(|n| *n += 1));
    tokio::join!(own, others);
}
