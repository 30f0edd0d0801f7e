//! What a job leaves: `/api/v1/jobs/{id}/files`.

pub(crate) mod get;
pub(crate) mod link;
pub(crate) mod list;

use axum::extract::{FromRequestParts, Path};
use custody_auth::Scope;
use custody_objects::{Key, layout};
use custody_store::jobs;
use http::request::Parts;
use uuid::Uuid;

use crate::{App, problem::Problem};

/// `{id}` and `{name}` of the path. What can be none is answered like what never was.
#[derive(Debug)]
pub(crate) struct JobFile {
    pub(crate) job: Uuid,
    pub(crate) name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for JobFile {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((job, name)) = path.map_err(|_| Problem::not_found())?;
        Ok(Self { job: job.parse().map_err(|_| Problem::not_found())?, name })
    }
}

impl JobFile {
    /// Where it is, if there is such a job.
    pub(crate) async fn key(&self, app: &App, scope: &Scope) -> Result<Key, Problem> {
        is_there(app, scope, self.job).await?;
        layout::job_file(scope, self.job, &self.name).map_err(|_| Problem::not_found())
    }
}

/// A tenant's files are found by its jobs alone.
async fn is_there(app: &App, scope: &Scope, job: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.tenant_tx(scope).await?;
    jobs::get(&mut tx, job).await?;
    Ok(tx.commit().await?)
}
