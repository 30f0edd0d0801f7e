//! Sending requests over many connections, and counting what was answered.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::Value;

use crate::{
    body::Request,
    checkpoints::Acknowledged,
    http::{Answer, Connection},
};

/// What a client waits after a refusal that names no time.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// A run in which so many exchanges broke is not a measurement.
const BROKEN_MAX: u64 = 1_000;

/// What was answered.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) accepted: u64,
    pub(crate) duplicate: u64,
    pub(crate) quarantined: u64,
    pub(crate) retry: u64,
    /// Whole requests, by status.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// Exchanges without an answer.
    pub(crate) broken: u64,
    /// From the first byte sent to the last one received.
    pub(crate) acknowledged_in: Vec<Duration>,
    pub(crate) refused_in: Vec<Duration>,
    pub(crate) elapsed: Duration,
}

/// When it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// So many requests were answered with something else than a refusal.
    Answered(usize),
    /// No request begins after this time.
    For(Duration),
}

/// When each request is due.
#[derive(Debug)]
struct Pace {
    began: Instant,
    between: Duration,
    sent: Cell<u32>,
}

impl Pace {
    async fn wait(&self) {
        let due = self.began + self.between * self.sent.replace(self.sent.get() + 1);
        tokio::time::sleep_until(due.into()).await;
    }
}

/// One run. All connections share the requests; each is in one hand at a time.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    server: SocketAddr,
    requests: RefCell<VecDeque<Request>>,
    left: Cell<usize>,
    end: Option<Instant>,
    pace: Option<Pace>,
    rng: RefCell<StdRng>,
    tally: RefCell<Tally>,
    acknowledged: &'a Acknowledged,
}

impl<'a> Load<'a> {
    pub(crate) fn new(
        server: SocketAddr,
        requests: Vec<Request>,
        until: Until,
        acknowledged: &'a Acknowledged,
    ) -> Self {
        let (left, end) = match until {
            Until::Answered(count) => (count, None),
            Until::For(time) => (usize::MAX, Some(Instant::now() + time)),
        };
        Self {
            server,
            requests: RefCell::new(requests.into()),
            left: Cell::new(left),
            end,
            pace: None,
            rng: RefCell::new(StdRng::seed_from_u64(3)),
            tally: RefCell::default(),
            acknowledged,
        }
    }

    /// No more than so many requests a second, evenly spread.
    pub(crate) fn paced(self, a_second: f64) -> Self {
        let between = Duration::from_secs_f64(1.0 / a_second);
        Self { pace: Some(Pace { began: Instant::now(), between, sent: Cell::new(0) }), ..self }
    }

    /// Sends until the end; every connection has one request under way at a time. Gives the requests
    /// back beside what was answered.
    pub(crate) async fn run(self, connections: usize) -> (Tally, Vec<Request>) {
        let began = Instant::now();
        futures::future::join_all((0..connections).map(|index| self.client(index))).await;
        let tally = Tally { elapsed: began.elapsed(), ..self.tally.into_inner() };
        (tally, self.requests.into_inner().into())
    }

    async fn client(&self, index: usize) {
        let mut connection = Connection::new(self.server, index);
        while let Some(mut request) = self.take() {
            if let Some(pace) = &self.pace {
                pace.wait().await;
            }
            request.renew(&mut self.rng.borrow_mut());
            let began = Instant::now();
            let answer = connection.exchange(&request.bytes).await;
            let wait = self.note(&request, answer.ok(), connection.body(), began.elapsed());
            self.requests.borrow_mut().push_back(request);
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
        }
    }

    fn take(&self) -> Option<Request> {
        if self.left.get() == 0
            || self.end.is_some_and(|end| Instant::now() >= end)
            || self.tally.borrow().broken > BROKEN_MAX
        {
            return None;
        }
        let request = self.requests.borrow_mut().pop_front()?;
        self.left.set(self.left.get() - 1);
        Some(request)
    }

    /// Counts an answer; says how long to wait where the server asked for that.
    fn note(
        &self,
        request: &Request,
        answer: Option<Answer>,
        body: &[u8],
        took: Duration,
    ) -> Option<Duration> {
        let mut tally = self.tally.borrow_mut();
        let Some(answer) = answer else {
            tally.broken += 1;
            self.again();
            return Some(RETRY_AFTER);
        };
        match answer.status {
            200 | 201 | 409 | 422 => {
                tally.acknowledged_in.push(took);
                tally.count(answer.status, request.entries, body);
                self.acknowledged.note(request.tenant, last_seq(body));
                None
            }
            status => {
                *tally.refused.entry(status).or_default() += 1;
                tally.refused_in.push(took);
                self.again();
                Some(answer.retry_after.unwrap_or(RETRY_AFTER))
            }
        }
    }

    fn again(&self) {
        self.left.set(self.left.get().saturating_add(1));
    }
}

impl Tally {
    /// What a further stretch brought.
    pub(crate) fn add(&mut self, mut more: Self) {
        self.accepted += more.accepted;
        self.duplicate += more.duplicate;
        self.quarantined += more.quarantined;
        self.retry += more.retry;
        for (status, count) in more.refused {
            *self.refused.entry(status).or_default() += count;
        }
        self.broken += more.broken;
        self.acknowledged_in.append(&mut more.acknowledged_in);
        self.refused_in.append(&mut more.refused_in);
        self.elapsed += more.elapsed;
    }

    pub(crate) fn count(&mut self, status: u16, entries: u64, body: &[u8]) {
        if entries == 1 {
            match status {
                201 => self.accepted += 1,
                200 => self.duplicate += 1,
                _ => self.quarantined += 1,
            }
            return;
        }
        let counts = [
            ("accepted", &mut self.accepted),
            ("duplicate", &mut self.duplicate),
            ("quarantined", &mut self.quarantined),
            ("retry", &mut self.retry),
        ];
        for (name, sum) in counts {
            *sum += count_named(body, name);
        }
    }
}

/// A count of the answer's. They stand before the items, so that the rest need not be parsed; where
/// they do not, the whole is.
fn count_named(body: &[u8], name: &str) -> u64 {
    let opening = body.get(..200.min(body.len())).unwrap_or_default();
    let opening = String::from_utf8_lossy(opening);
    let number = opening.split_once(&format!("\"{name}\":")).and_then(|(_, rest)| {
        rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok())
    });
    number.unwrap_or_else(|| {
        serde_json::from_slice::<Value>(body).ok().and_then(|answer| answer[name].as_u64()).unwrap_or(0)
    })
}

/// The last `seq` that an answer tells.
pub(crate) fn last_seq(body: &[u8]) -> Option<u64> {
    let name = b"\"seq\":";
    let at = body.windows(name.len()).rposition(|window| window == name)? + name.len();
    let digits = body.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit());
    let digits: String = digits.map(|&byte| char::from(byte)).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_wherever_they_stand() {
        let mut tally = Tally::default();
        let body =
            br#"{"accepted":3,"duplicate":1,"quarantined":0,"retry":2,"items":[{"seq":5},{"seq":17}]}"#;
        tally.count(200, 6, body);
        let late = format!(r#"{{"items":[{}],"retry":7}}"#, vec!["{\"seq\":1}"; 50].join(","));
        tally.count(200, 50, late.as_bytes());
        assert_eq!((tally.accepted, tally.duplicate, tally.retry), (3, 1, 9));
        assert_eq!(last_seq(body), Some(17));
        assert_eq!(last_seq(b"{}"), None);
    }

    #[test]
    fn a_single_answer_counts_by_its_status() {
        let mut tally = Tally::default();
        for status in [201, 201, 200, 409, 422] {
            tally.count(status, 1, b"{}");
        }
        assert_eq!((tally.accepted, tally.duplicate, tally.quarantined), (2, 1, 2));
    }
}
