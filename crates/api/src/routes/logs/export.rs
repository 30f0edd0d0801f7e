//! Entries as a file: `/api/v1/logs/export`, streamed (GET) or left behind by a job (POST).

pub(crate) mod create;
mod parameters;
mod pump;
pub(crate) mod stream;

use custody_auth::Scope;
use custody_domain::query::Query;
use custody_export::{ExportError, Request};
use custody_search::Asked;
use uuid::Uuid;

use self::parameters::ExportParameters;
use super::filters::FilterParameters;
use crate::{App, problem::Problem};

/// What is asked for, of the log as it is now.
async fn requested(
    app: &App,
    scope: &Scope,
    (parameters, filters): (&ExportParameters, &FilterParameters),
    id: Uuid,
) -> Result<Request, Problem> {
    let (format, compression) = (parameters.format()?, parameters.compression()?);
    let query = filters.query()?;
    Ok(Request {
        id,
        scope: scope.clone(),
        query: if query == Query::All { String::new() } else { query.render() },
        asked: Asked::new(scope, query),
        format,
        compression,
        head: app.exports.head(scope).await?,
    })
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Ledger(error) => error.into(),
            other => Self::internal(other),
        }
    }
}
