//! The tables `jobs` and `job_workers`: work that outlives the request that asked for it. Every job's
//! state is here, whatever hands jobs out.
//!
//! All times are the database's: no clock of a server counts.

mod cancel;
mod claim;
mod clock;
mod depth;
mod end;
mod enqueue;
mod enqueue_each;
mod fence;
mod file_linked;
mod list;
mod overdue;
mod progress;
mod retry;
mod sent;
mod strays;
mod sweep;
mod unblock;
mod unknown;
mod workers;

use std::time::Duration;

use chrono::{DateTime, Utc};
use custody_domain::TenantId;
use uuid::Uuid;

pub use cancel::{Cancelled, cancel};
pub use claim::{Claim, Lane, claim, payload};
pub use clock::put_off_in_the_future;
pub use depth::{Depth, depths};
pub use end::{Ending, end, end_well};
pub use enqueue::{EnqueueError, Enqueued, IfTaken, NewJob, PAYLOAD_BYTES_MAX, enqueue, enqueue_for_system};
pub use enqueue_each::enqueue_in_each_tenant;
pub use fence::{Fenced, begin};
pub use file_linked::file_linked;
pub use list::{Job, JobFilter, Status, get, page, versions};
pub use overdue::{Overdue, Patience, overdue};
pub use progress::progress;
pub use retry::{Retried, retry};
pub use sent::{Look, confirm, look, put_back, send_again, take, unsend};
pub use strays::{Stray, promote, take_back};
pub use sweep::{Aside, Swept, remove, set_aside, sweep};
pub use unknown::unknown_to_all;
pub use workers::{Held, Worker, beat, hand_back, leave, workers};

/// One job of one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobId {
    pub tenant: TenantId,
    pub id: Uuid,
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

/// By the database's clock.
pub type Time = DateTime<Utc>;
