//! A transaction, typed by the database role that runs it: a function that takes a
//! [`TenantTx`] cannot be run as the writer, nor in another tenant than its transaction's.

use custody_auth::Scope;
use custody_domain::TenantId;

use crate::{
    StoreError,
    connection::{Connection, Uncommitted},
    hints::{Hint, Hints},
};

/// A transaction that was begun explicitly; dropped without [`Tx::commit`] it is rolled back.
#[derive(Debug)]
pub struct Tx<R> {
    connection: Connection,
    role: R,
    hints: Hints,
    hint: Hint,
}

/// `custody_app`, within one tenant.
#[derive(Debug)]
pub struct AsTenant(pub(crate) TenantId, pub(crate) Option<Restricted>);
/// Who may read a part of the tenant's entries, and what was made of that part.
#[derive(Clone, Debug)]
pub(crate) struct Restricted {
    pub(crate) principal: String,
    /// The part: the grant's canonical text.
    pub(crate) grant: String,
}

impl Restricted {
    /// None where the scope may read every entry.
    pub(crate) fn of(scope: &Scope) -> Option<Self> {
        let grant = scope.grant()?.render();
        Some(Self { principal: scope.principal().to_string(), grant })
    }
}

/// `custody_writer`: appends, and nothing else.
#[derive(Debug)]
pub struct AsWriter(pub(crate) ());
/// `custody_system`: all tenants, a few columns each, no contents.
#[derive(Debug)]
pub struct AsSystem(pub(crate) ());
/// `custody_system`, while the leases of a follower are this process's own.
#[derive(Debug)]
pub struct AsFollower(pub(crate) &'static str);
/// `custody_reaper`, within one tenant.
#[derive(Debug)]
pub struct AsReaper(pub(crate) TenantId);
/// `DATABASE_URL`'s user: migrations, and the roles' passwords.
#[derive(Debug)]
pub(crate) struct AsOwner;

pub type TenantTx = Tx<AsTenant>;
pub type WriterTx = Tx<AsWriter>;
pub type SystemTx = Tx<AsSystem>;
pub type FencedTx = Tx<AsFollower>;
pub type ReaperTx = Tx<AsReaper>;
pub(crate) type OwnerTx = Tx<AsOwner>;

impl<R> Tx<R> {
    pub(crate) fn new(connection: Connection, role: R, hints: Hints) -> Self {
        Self { connection, role, hints, hint: Hint::default() }
    }

    /// An error where a statement of it has failed: nothing of it is kept then.
    pub async fn commit(self) -> Result<(), StoreError> {
        let result = self.connection.commit().await;
        // Also where the answer was lost: it may have been committed, and a hint costs a look.
        self.hints.tell(self.hint);
        result
    }

    /// Once it has committed, workers look for jobs.
    pub(crate) fn jobs_wait(&mut self) {
        self.hint.jobs_wait = true;
    }

    /// Once it has committed, the worker of a running job hears that it is to end.
    pub(crate) fn jobs_cancelled(&mut self) {
        self.hint.jobs_cancelled = true;
    }

    /// Once it has committed, whoever fires schedules looks at them anew.
    pub(crate) fn schedules_changed(&mut self) {
        self.hint.schedules_changed = true;
    }

    /// Once it has committed, those look that follow a job.
    pub(crate) fn jobs_changed(&mut self) {
        self.hint.jobs_changed = true;
    }

    /// Runs a statement, empty or with a semicolon at its end, and commits, in one round trip.
    pub(crate) async fn commit_saying(self, statement: &str) -> Result<(), Uncommitted> {
        self.connection.commit_saying(statement).await
    }

    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.connection.rollback().await?)
    }

    /// The connection inside, for this crate's tables alone.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl TenantTx {
    /// The tenant whose rows this transaction can see.
    pub fn tenant(&self) -> TenantId {
        self.role.0
    }

    /// Whose transaction it is, if they may read a part of the tenant's entries alone.
    pub(crate) fn restricted(&self) -> Option<&Restricted> {
        self.role.1.as_ref()
    }
}

impl FencedTx {
    /// The follower whose leases are held.
    pub fn follower(&self) -> &'static str {
        self.role.0
    }
}

impl ReaperTx {
    /// The tenant whose rows this transaction can see, and remove.
    pub fn tenant(&self) -> TenantId {
        self.role.0
    }
}
