//! How long after an acknowledgement a signed checkpoint covers the entry, as a client sees it:
//! `GET /log/checkpoint` is asked again and again while the load runs.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::{
    http::Connection,
    latency::Latency,
    tenants::{Tenants, get},
};

/// Between two questions, and so how exact the times are.
pub(crate) const EVERY: Duration = Duration::from_millis(100);
/// After the load, until all that was acknowledged is covered.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(10);

/// A tenant's acknowledged entries that no checkpoint is known to cover: the last `seq` of each
/// answer, and when it came.
type Waiting = RefCell<VecDeque<(u64, Instant)>>;

/// What was acknowledged and is not known to be covered, by tenant.
#[derive(Debug)]
pub(crate) struct Acknowledged {
    watched: Vec<(usize, Waiting)>,
    over: Cell<bool>,
}

impl Acknowledged {
    /// Watches the tenant that writes most, one in the middle, and the one that writes least.
    pub(crate) fn of(tenants: &Tenants) -> Self {
        let mut watched = vec![0, tenants.len() / 2, tenants.len() - 1];
        watched.dedup();
        Self {
            watched: watched.into_iter().map(|t| (t, RefCell::default())).collect(),
            over: Cell::new(false),
        }
    }

    pub(crate) fn note(&self, tenant: usize, last_seq: Option<u64>) {
        let watched = self.watched.iter().find(|(watched, _)| *watched == tenant);
        if let (Some((_, waiting)), Some(seq)) = (watched, last_seq) {
            waiting.borrow_mut().push_back((seq, Instant::now()));
        }
    }

    /// The load has ended.
    pub(crate) fn close(&self) {
        self.over.set(true);
    }

    fn covered(&self) -> bool {
        self.watched.iter().all(|(_, waiting)| waiting.borrow().is_empty())
    }

    /// Asks until the load is over and all is covered; `None` if the server has no checkpoints.
    pub(crate) async fn follow(&self, server: SocketAddr, tenants: &Tenants) -> Option<Latency> {
        let mut connection = Connection::new(server, 0);
        let (mut lags, mut any, mut over_since) = (Vec::new(), false, None);
        loop {
            for (tenant, waiting) in &self.watched {
                let request = get("/api/v1/log/checkpoint", tenants.token(*tenant));
                let answer = connection.exchange(&request).await.ok()?;
                let size = match answer.status {
                    200 => size_of(connection.body())?,
                    // A log without a checkpoint yet, or a server without checkpoints.
                    404 | 429 | 503 => 0,
                    _ => return None,
                };
                any |= answer.status == 200;
                let mut waiting = waiting.borrow_mut();
                while let Some((_, at)) = waiting.pop_front_if(|(seq, _)| *seq < size) {
                    lags.push(at.elapsed());
                }
            }
            if self.over.get() {
                let since = *over_since.get_or_insert_with(Instant::now);
                if !any {
                    return None;
                }
                if self.covered() || since.elapsed() > CATCH_UP_WITHIN {
                    break;
                }
            }
            tokio::time::sleep(EVERY).await;
        }
        // What was never covered is as late as it is now, rather than left out.
        for (_, waiting) in &self.watched {
            lags.extend(waiting.borrow().iter().map(|(_, at)| at.elapsed()));
        }
        Some(Latency::of(&mut lags))
    }
}

/// A checkpoint's second line (C2SP tlog-checkpoint).
fn size_of(note: &[u8]) -> Option<u64> {
    std::str::from_utf8(note).ok()?.lines().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_line_is_the_size() {
        assert_eq!(size_of("log/t/e0\n12345\nroot=\n\n— log sig=\n".as_bytes()), Some(12_345));
        assert_eq!(size_of(b"not found"), None);
    }
}
