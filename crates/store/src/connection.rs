//! A connection with a transaction open on it: the only kind that statements are run on.
//!
//! A client that hangs up drops the future that is waiting for the database, anywhere. sqlx may
//! then hand the connection on with an answer still to come (after a COPY it does), and the next
//! one to use it would read an answer to another's question. So: a connection that is dropped in
//! the middle of a statement is closed; one that is dropped between two is rolled back and kept.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{Stream, future::BoxFuture, stream::BoxStream};
use sqlx::{
    AssertSqlSafe, Describe, Either, Executor, PgConnection, Postgres, SqlStr,
    pool::PoolConnection,
    postgres::{PgDatabaseError, PgQueryResult, PgRow, PgSeverity, PgStatement, PgTypeInfo},
};

use crate::{StoreError, fault, statement::Statement};

pub(crate) struct Connection {
    /// None once it is dropped.
    inner: Option<PoolConnection<Postgres>>,
    /// Off behind a pooler, where the next to use the server's connection is another client.
    keeps_statements: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a transaction, every answer was read.
    Ready,
    /// In a transaction that a statement failed in: it can only be rolled back.
    Failed,
    /// An answer is still to come.
    Busy,
    /// The transaction is over.
    Over,
}

impl Connection {
    /// `statement` begins with BEGIN; the rows are what statements after it answered.
    pub(crate) async fn begin(
        connection: PoolConnection<Postgres>,
        statement: String,
        keeps_statements: bool,
    ) -> Result<(Self, Vec<PgRow>), sqlx::Error> {
        let mut this = Self { inner: Some(connection), keeps_statements, state: State::Busy };
        let rows = this.simple(statement).await?;
        Ok((this, rows))
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        if self.state == State::Failed {
            // The server would answer COMMIT with a rollback, and no error.
            return Err(StoreError::unexpected("a transaction that failed was to be committed"));
        }
        self.simple("COMMIT".to_owned()).await?;
        self.state = State::Over;
        Ok(())
    }

    /// Runs a statement and COMMIT in one round trip. `statement` is empty or ends with a semicolon;
    /// where it fails, COMMIT is not run.
    pub(crate) async fn commit_saying(mut self, statement: &str) -> Result<(), Uncommitted> {
        if self.state == State::Failed {
            return Err(Uncommitted::Failed);
        }
        match self.simple(format!("{statement}COMMIT")).await {
            Ok(_) => {
                self.state = State::Over;
                Ok(())
            }
            Err(error) if is_rolled_back(&error) => Err(Uncommitted::RolledBack(error)),
            Err(error) => Err(Uncommitted::Unknown(error)),
        }
    }

    /// What it was begun with has ended the transaction too.
    pub(crate) fn ended(mut self) {
        self.state = State::Over;
    }

    pub(crate) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        self.simple("ROLLBACK".to_owned()).await?;
        self.state = State::Over;
        Ok(())
    }

    /// Copies into a table, and answers with the number of rows. `fill` puts the next chunk into the
    /// empty buffer, until it leaves it empty; while the server works on one the next is made.
    pub(crate) async fn copy_in(
        &mut self,
        statement: &str,
        mut fill: impl FnMut(&mut Vec<u8>) -> Result<(), StoreError> + Send,
    ) -> Result<u64, CopyError> {
        let (connection, state) = self.parts().map_err(CopyError::Database)?;
        // Stays so where a chunk cannot be made: the COPY that was begun ends with the connection.
        *state = State::Busy;
        let mut sink = match connection.copy_in_raw(statement).await {
            Ok(sink) => sink,
            Err(error) => {
                let result = Err(error);
                *state = State::after(&result);
                return result.map_err(CopyError::Database);
            }
        };
        let mut chunk = Vec::new();
        loop {
            chunk.clear();
            fill(&mut chunk).map_err(CopyError::Chunk)?;
            if chunk.is_empty() {
                break;
            }
            sink.send(chunk.as_slice()).await.map_err(CopyError::Database)?;
            fault::point("commit.copying").await.map_err(CopyError::Chunk)?;
        }
        let result = sink.finish().await;
        *state = State::after(&result);
        result.map_err(CopyError::Database)
    }

    /// The messages of a COPY out of the database, each of which is a row.
    pub(crate) async fn copy_out<'c>(
        &'c mut self,
        statement: &str,
    ) -> Result<BoxStream<'c, Result<bytes::Bytes, sqlx::Error>>, sqlx::Error> {
        let (connection, state) = self.parts()?;
        // Where it fails to begin, the server's last word is still to come: it stays busy.
        *state = State::Busy;
        let stream = connection.copy_out_raw(statement).await?;
        Ok(Box::pin(Answers { stream, state }))
    }

    async fn simple(&mut self, statement: String) -> Result<Vec<PgRow>, sqlx::Error> {
        let (connection, state) = self.parts()?;
        *state = State::Busy;
        let result = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(statement))).await;
        *state = State::after(&result);
        result
    }

    fn parts(&mut self) -> Result<(&mut PgConnection, &mut State), sqlx::Error> {
        match &mut self.inner {
            Some(connection) => Ok((connection, &mut self.state)),
            None => Err(sqlx::Error::PoolClosed),
        }
    }
}

/// Why a commit did not say that it is done.
#[derive(Debug)]
pub(crate) enum Uncommitted {
    /// A statement before it had failed.
    Failed,
    RolledBack(sqlx::Error),
    /// The answer was lost.
    Unknown(sqlx::Error),
}

/// Why a COPY was given up.
#[derive(Debug)]
pub(crate) enum CopyError {
    Chunk(StoreError),
    Database(sqlx::Error),
}

/// An ERROR ends the transaction. After FATAL and PANIC, as after silence, it may have been committed
/// before.
fn is_rolled_back(error: &sqlx::Error) -> bool {
    let answer = error.as_database_error().and_then(|e| e.try_downcast_ref::<PgDatabaseError>());
    answer.is_some_and(|answer| answer.severity() == PgSeverity::Error)
}

impl State {
    /// The server's own errors leave nothing unread; of all others we cannot know.
    fn after<T>(result: &Result<T, sqlx::Error>) -> Self {
        match result {
            Ok(_) => Self::Ready,
            Err(sqlx::Error::Database(_)) => Self::Failed,
            Err(_) => Self::Busy,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(mut connection) = self.inner.take() else { return };
        match (self.state, tokio::runtime::Handle::try_current()) {
            (State::Over, _) => {}
            (State::Ready | State::Failed, Ok(runtime)) => {
                runtime.spawn(async move {
                    if connection.execute(sqlx::raw_sql("ROLLBACK")).await.is_err() {
                        connection.close_on_drop();
                    }
                });
            }
            (State::Busy, _) | (_, Err(_)) => connection.close_on_drop(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("state", &self.state).finish_non_exhaustive()
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + sqlx::Execute<'q, Postgres>,
    {
        let statement = Statement::new(query, self.keeps_statements);
        match self.parts() {
            Ok((connection, state)) => Box::pin(Answers { stream: connection.fetch_many(statement), state }),
            Err(error) => Box::pin(futures::stream::once(async { Err(error) })),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + sqlx::Execute<'q, Postgres>,
    {
        let statement = Statement::new(query, self.keeps_statements);
        Box::pin(async move {
            let (connection, state) = self.parts()?;
            *state = State::Busy;
            let result = connection.fetch_optional(statement).await;
            *state = State::after(&result);
            result
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let (connection, state) = self.parts()?;
            *state = State::Busy;
            let result = connection.prepare_with(sql, parameters).await;
            *state = State::after(&result);
            result
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let (connection, state) = self.parts()?;
            *state = State::Busy;
            let result = connection.describe(sql).await;
            *state = State::after(&result);
            result
        })
    }
}

/// The answers to a statement, until the last of which the connection is busy.
struct Answers<'e, T> {
    stream: BoxStream<'e, Result<T, sqlx::Error>>,
    state: &'e mut State,
}

impl<T> Stream for Answers<'_, T> {
    type Item = Result<T, sqlx::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        *self.state = State::Busy;
        let next = self.stream.as_mut().poll_next(context);
        match &next {
            Poll::Ready(None) => *self.state = State::Ready,
            Poll::Ready(Some(result @ Err(_))) => *self.state = State::after(result),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        next
    }
}
