//! A permit that is looked at again and again: for what goes on after its request.

use std::time::Duration;

use axum::extract::ws::{CloseCode, close_code};
use custody_auth::{Named, Scope};
use tokio::time::{Instant, sleep_until};

use crate::{Permit, app::Gate, permit::Standing, socket::End};

/// A credential that was found good is taken for good for up to 5 s; this comes on top of it.
const RECHECK: Duration = Duration::from_secs(1);

/// Closes a stream whose credential has reached its end (RFC 6455, section 7.4.2: private use).
pub(crate) const EXPIRED: CloseCode = 4001;
/// Closes a stream whose credential's role may not read it any more.
pub(crate) const ROLE: CloseCode = 4003;

#[derive(Debug)]
pub(crate) struct WatchedPermit<O> {
    permit: Permit<O>,
    gate: Gate,
    next: Instant,
}

impl<O: Named> WatchedPermit<O> {
    pub(crate) fn new(permit: Permit<O>, gate: Gate) -> Self {
        Self { next: Instant::now(), permit, gate }.after(RECHECK)
    }

    pub(crate) fn permit(&self) -> &Permit<O> {
        &self.permit
    }

    /// Ends when it is to be looked at again.
    pub(crate) async fn due(&self) {
        sleep_until(self.next).await;
    }

    /// The scope as it is now. To be awaited to its end: one that is given up whenever there is something
    /// to send would, where there always is, never come to an answer.
    pub(crate) async fn check(&mut self) -> Result<Scope, End> {
        let standing = self.permit.standing(&self.gate).await;
        self.set_next(RECHECK);
        match standing {
            Standing::Good(scope) => Ok(*scope),
            Standing::Unknown => Ok(self.permit.scope().clone()),
            Standing::Expired => Err(End::Close(EXPIRED, "the credential has expired")),
            Standing::Refused => Err(End::Close(close_code::POLICY, "the credential is not valid any more")),
            Standing::Denied => Err(End::Close(ROLE, "the role may not do this any more")),
        }
    }

    fn after(mut self, pause: Duration) -> Self {
        self.set_next(pause);
        self
    }

    /// Not later than its end.
    fn set_next(&mut self, pause: Duration) {
        let left = self.permit.authenticated().expires_at().map(|at| at - (self.gate.clock)());
        let left = left.map(|left| left.to_std().unwrap_or_default());
        self.next = Instant::now() + left.map_or(pause, |left| left.min(pause));
    }
}
