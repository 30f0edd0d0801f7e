//! A query that says for itself whether its statement may stay prepared on the connection.

use sqlx::{
    Execute, Postgres, SqlStr,
    error::BoxDynError,
    postgres::{PgArguments, PgStatement},
};

/// Without a cache sqlx would still name each statement, and never drop it; so the query has to say.
pub(crate) struct Statement<E> {
    query: E,
    kept: bool,
}

impl<E> Statement<E> {
    pub(crate) fn new(query: E, kept: bool) -> Self {
        Self { query, kept }
    }
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Statement<E> {
    fn sql(self) -> SqlStr {
        self.query.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.kept && self.query.persistent()
    }
}
