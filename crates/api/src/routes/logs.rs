//! Entries: `/api/v1/logs`.

pub(crate) mod answer;
pub(crate) mod bulk;
pub(crate) mod create;
pub(crate) mod export;
pub(crate) mod filters;
pub(crate) mod findings;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod proof;
pub(crate) mod related;
pub(crate) mod shapes;
pub(crate) mod stats;
pub(crate) mod stream;

use custody_auth::Scope;
use custody_domain::query::Query;
use custody_ingest::reads::What;
use custody_ledger::StoredEntry;

use crate::problem::Problem;

/// As what the entry is told to have been read; one that the scope may not read never was.
fn readable(scope: &Scope, entry: &StoredEntry) -> Result<What<'static>, Problem> {
    let view = entry.view()?;
    if !scope.restrict(Query::All).matches(&view) {
        return Err(Problem::not_found());
    }
    Ok(What::entry(entry.id, view.action()))
}
