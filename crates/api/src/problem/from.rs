//! What the crates below can answer, as problems: the one place where an inner error becomes an
//! outer one.

use custody_auth::{DirectoryError, TokenError, sign_in_limits::TooMany};
use custody_keys::KeyError;
use custody_ledger::{LedgerError, TreeError};
use custody_objects::ObjectsError;
use custody_scans::{ScansError, causes::CausesError};
use custody_search::SearchError;
use custody_store::{IdentityError, StoreError};
use http::{HeaderValue, header};

use super::{Fault, Kind, Problem};

/// Seconds after which it is worth another try, where the database or a key service was away.
const RETRY_AFTER: u32 = 2;

fn away(cause: impl std::error::Error + Send + Sync + 'static) -> Problem {
    // Not "nothing was changed": a commit whose answer was lost may stand. (The ledger knows which did
    // not, and says the others apart: `not_known`.)
    let detail = "A part that the server needs does not answer at the moment; try again.";
    Problem::unavailable(detail, RETRY_AFTER).caused_by(cause)
}

/// Entries that may be in the log.
fn not_known(cause: impl std::error::Error + Send + Sync + 'static) -> Problem {
    let detail = "The database did not answer, and whether this was recorded is not known; send it again with the \
                  same event_id or, as the whole request, under the same Idempotency-Key: without either it may be \
                  in the log twice.";
    Problem::unavailable(detail, RETRY_AFTER).caused_by(cause)
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => away(error),
            StoreError::NotFound => Self::not_found(),
            StoreError::Conflict { .. } => {
                Self::new(Kind::Conflict, "It contradicts what is there already.").caused_by(error)
            }
            StoreError::TooMany { most, what } => {
                Self::new(Kind::Conflict, format!("There are {most} {what} already, and no more may be."))
            }
            other => Self::internal(other),
        }
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Unavailable(_) => away(error),
            LedgerError::Unknown(_) => not_known(error),
            LedgerError::Full => {
                Self::unavailable("More waits to be written than the server holds; try again.", 1)
            }
            LedgerError::NotFound => Self::not_found(),
            LedgerError::Tree(TreeError::Behind) => {
                Self::unavailable("The checkpoint that covers it is not made yet; try again.", 1)
            }
            LedgerError::Store(error) => error.into(),
            // Both pass once an operator has acted, and until then no client is at fault.
            LedgerError::NoPartition { .. } | LedgerError::ClockAhead { .. } => {
                Self::unavailable("The log cannot take entries at the moment; its operator has to act.", 60)
                    .caused_by(error)
            }
            other => Self::internal(other),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unavailable(_) => away(error),
            other => Self::internal(other),
        }
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Unavailable(_) => away(error),
            DirectoryError::Unexpected(_) => Self::internal(error),
        }
    }
}

impl From<ObjectsError> for Problem {
    fn from(error: ObjectsError) -> Self {
        match error {
            ObjectsError::NotFound => Self::not_found(),
            ObjectsError::Unavailable { .. } => away(error),
            other => Self::internal(other),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Directory(error) => error.into(),
            TokenError::Key(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<TooMany> for Problem {
    fn from(error: TooMany) -> Self {
        Self::too_many_requests("Too many attempts; wait.", error.retry_after_secs)
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::SortNotAvailable(_) => Self::bad_parameter("sort", error.to_string()),
            SearchError::Limit => Self::bad_parameter("limit", error.to_string()),
            SearchError::Cursor(_) => Self::bad_parameter("cursor", error.to_string()),
            SearchError::Busy { wait } => {
                let after = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1);
                Self::unavailable("Too many searches of this tenant run at once; try again.", after)
            }
            SearchError::TooMuch => Self::bad_parameter("q", error.to_string()),
            SearchError::Indexing { .. } | SearchError::Away => Self::unavailable(error.to_string(), 5),
            SearchError::Ledger(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<ScansError> for Problem {
    fn from(error: ScansError) -> Self {
        match error {
            ScansError::Invalid(faults) => {
                Self::new(Kind::Invalid, "Something in the request cannot be taken; `errors` names it.")
                    .faults(faults.into_iter().map(|fault| Fault::at(fault.pointer, fault.detail)))
            }
            ScansError::Conflict(detail) => Self::new(Kind::Conflict, format!("It is taken: {detail}.")),
            ScansError::Running(scan) => {
                Self::new(Kind::Conflict, "A scan of the same account and scope has not ended.")
                    .member("scan_id", scan.to_string().into())
            }
            ScansError::NotSetUp => Self::unavailable(
                "No worker has Prowler yet: run `custody scan setup` where the worker runs.",
                60,
            ),
            ScansError::Keys(error) => error.into(),
            ScansError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<CausesError> for Problem {
    fn from(error: CausesError) -> Self {
        match error {
            CausesError::Cursor => Self::bad_parameter("cursor", error.to_string()),
            CausesError::Store(error) => error.into(),
            CausesError::Search(error) => error.into(),
            CausesError::Ledger(error) => error.into(),
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Invalid { pointer, detail } => {
                Self::new(Kind::Invalid, "Something in the request cannot be taken; `errors` names it.")
                    .fault(Fault::at(pointer, detail))
            }
            IdentityError::Refused => {
                let challenge = HeaderValue::from_static("Bearer realm=\"custody\"");
                Self::new(Kind::Unauthenticated, "That is not a valid sign-in.")
                    .header(header::WWW_AUTHENTICATE, challenge)
            }
            IdentityError::ChooseTenant(names) => {
                Self::new(Kind::Invalid, "You belong to several tenants; name one of them in `tenant`.")
                    .fault(Fault::at("/tenant", format!("must be one of {}", names.join(", "))))
            }
            IdentityError::LastOne => {
                let detail =
                    "The last one with this role cannot be taken away; give it to somebody else first.";
                Self::new(Kind::Conflict, detail)
            }
            IdentityError::Taken(detail) => Self::new(Kind::Conflict, format!("It is taken: {detail}.")),
            IdentityError::TooMany(error) => error.into(),
            IdentityError::Busy => Self::unavailable("Too many people sign in at this moment; try again.", 1),
            IdentityError::Keys(error) => error.into(),
            IdentityError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}
