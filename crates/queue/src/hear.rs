//! Hints: this process's own commits at once, other processes' by announcement. Whoever misses one looks
//! by itself before long.

use custody_store::{
    Store,
    announcements::{Channel, keep_announcing, keep_listening},
};
use tokio::sync::watch;

/// What is heard, of this process and of the others. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Something may wait to be run.
    pub wait: watch::Receiver<u64>,
    /// What a client sees of a job may have changed.
    pub changed: watch::Receiver<u64>,
    /// A running job may have to end.
    pub cancelled: watch::Receiver<u64>,
    /// A schedule may be due sooner.
    pub schedules: watch::Receiver<u64>,
    /// A log may have gone on by what another process wrote: heard here, because a process listens on one
    /// connection for all that it is told.
    pub log: watch::Receiver<u64>,
}

/// Announces this process's hints to the others, for ever. Every process that writes runs it.
pub async fn announce(store: Store) {
    let hints = store.hints();
    let (wait, changed, cancelled) = (hints.jobs_wait(), hints.jobs_changed(), hints.jobs_cancelled());
    tokio::join!(
        keep_announcing(&store, wait, Channel::JobsWait),
        keep_announcing(&store, changed, Channel::JobsChanged),
        keep_announcing(&store, cancelled, Channel::JobsCancelled),
        keep_announcing(&store, hints.schedules_changed(), Channel::SchedulesChanged),
    );
}

/// The senders of [`Heard`], and who fills them.
#[derive(Debug)]
pub struct Ears {
    store: Store,
    wait: watch::Sender<u64>,
    changed: watch::Sender<u64>,
    cancelled: watch::Sender<u64>,
    schedules: watch::Sender<u64>,
    log: watch::Sender<u64>,
}

/// What is heard, once [`Ears::listen`] runs.
pub fn ears(store: &Store) -> (Ears, Heard) {
    let new = || watch::Sender::new(0);
    let ears = Ears {
        store: store.clone(),
        wait: new(),
        changed: new(),
        cancelled: new(),
        schedules: new(),
        log: new(),
    };
    let heard = Heard {
        wait: ears.wait.subscribe(),
        changed: ears.changed.subscribe(),
        cancelled: ears.cancelled.subscribe(),
        schedules: ears.schedules.subscribe(),
        log: ears.log.subscribe(),
    };
    (ears, heard)
}

impl Ears {
    const CHANNELS: [Channel; 5] = [
        Channel::JobsWait,
        Channel::JobsChanged,
        Channel::JobsCancelled,
        Channel::SchedulesChanged,
        Channel::Log,
    ];

    /// For ever.
    pub async fn listen(self) {
        let hints = self.store.hints();
        let (own_wait, own_changed, own_cancelled) =
            (hints.jobs_wait(), hints.jobs_changed(), hints.jobs_cancelled());
        let others = keep_listening(&self.store, &Self::CHANNELS, |channel| self.one(channel));
        tokio::join!(
            pass_on(own_wait, &self.wait),
            pass_on(own_changed, &self.changed),
            pass_on(own_cancelled, &self.cancelled),
            pass_on(hints.schedules_changed(), &self.schedules),
            others,
        );
    }

    fn one(&self, channel: Channel) {
        let sender = match channel {
            Channel::JobsWait => &self.wait,
            Channel::JobsChanged => &self.changed,
            Channel::JobsCancelled => &self.cancelled,
            Channel::SchedulesChanged => &self.schedules,
            Channel::Log => &self.log,
        };
        sender.send_modify(|n| *n += 1);
    }
}

async fn pass_on(mut own: watch::Receiver<u64>, to: &watch::Sender<u64>) {
    while own.changed().await.is_ok() {
        to.send_modify(|n| *n += 1);
    }
}
