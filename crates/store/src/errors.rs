//! What a question to the database can come to, sorted by what its asker can do about it.

use std::borrow::Cow;

/// Told to no client: it may name constraints and hosts. The edge turns it into a problem.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database did not answer, or could not take the work now; trying again may help.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// There is no such row, or none in this tenant; which of the two cannot be told.
    #[error("there is no such row")]
    NotFound,
    /// A unique key, foreign key or exclusion stands against it.
    #[error("the row stands against {constraint}")]
    Conflict { constraint: String },
    /// A tenant may have no more of them.
    #[error("the tenant has {most} {what}")]
    TooMany { most: i64, what: &'static str },
    /// That day has no partition of `entries`.
    #[error("there is no partition for {day}")]
    NoPartition { day: chrono::NaiveDate },
    /// A defect, or a database that is not as the migrations left it.
    #[error("the database answered what was not expected: {0}")]
    Unexpected(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A defect in words, where no other error lies behind it.
    pub fn unexpected(detail: impl Into<String>) -> Self {
        Self::Unexpected(detail.into().into())
    }

    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// A lock was not to be had in time (`lock_not_available`).
    pub fn is_lock_timeout(&self) -> bool {
        self.code().as_deref() == Some("55P03")
    }

    /// The database, or the connection to it, is the matter, and not what was asked: asking for less
    /// will fail as well.
    pub fn is_away(&self) -> bool {
        // Lost connections, too few resources, operator intervention but for a statement's timeout.
        let code = self.code();
        self.is_unavailable()
            && code.is_none_or(|code| {
                matches!(code.get(..2), Some("08" | "25" | "53" | "57")) && code != "57014"
            })
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Unavailable(error) => error.as_database_error()?.code(),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error),
            sqlx::Error::Database(answer) => {
                let code = answer.code().unwrap_or_default();
                if is_passing(&code) {
                    Self::Unavailable(error)
                } else if matches!(&*code, "23505" | "23503" | "23P01") {
                    let constraint = answer.constraint().unwrap_or_default().to_owned();
                    Self::Conflict { constraint }
                } else {
                    Self::Unexpected(Box::new(error))
                }
            }
            _ => Self::Unexpected(Box::new(error)),
        }
    }
}

/// SQLSTATEs that pass by themselves (PostgreSQL, appendix A): lost connections (08), too few
/// resources (53), operator intervention and cancelled statements (57), a lock that was not to be
/// had (55P03), serialisation failures and deadlocks (40), a primary that became a standby (25006), a
/// transaction that the server ended because it was idle (25P03).
fn is_passing(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "53" | "57" | "40")) || matches!(code, "55P03" | "25006" | "25P03")
}

#[cfg(test)]
mod tests {
    use super::is_passing;

    #[test]
    fn only_what_passes_by_itself_is_worth_another_try() {
        for code in ["57P01", "53300", "08006", "40P01", "55P03", "57014"] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["42501", "22P02", "23514", "", "5"] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
