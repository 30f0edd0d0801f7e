//! `GET /api/v1/jobs`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_store::jobs::{self, JobFilter, Status};
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;

use super::shapes::JobBody;
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// All filters that are given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// `pending`, `in_progress`, `completed`, `failed`, `cancelled`.
    status: Option<String>,
    /// What it does: `export.logs`.
    kind: Option<String>,
    /// Items of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ListParameters {
    fn filter(&self) -> Result<JobFilter, Problem> {
        let status = self.status.as_deref().map(str::parse::<Status>).transpose();
        let status = status.map_err(|unknown| Problem::bad_parameter("status", unknown.to_string()))?;
        if self.kind.as_deref().is_some_and(|kind| !is_kind(kind)) {
            return Err(Problem::bad_parameter(
                "kind",
                "must be small letters, digits, dots and underscores",
            ));
        }
        Ok(JobFilter { status, kind: self.kind.clone() })
    }
}

/// As the table has them: what is none of these no job can have.
fn is_kind(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 60
        && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.'))
}

/// List jobs
///
/// The tenant's own, newest first. One that has ended is kept for a while, a failed one three times
/// as long.
#[utoipa::path(
    get, path = "/api/v1/jobs", operation_id = "listJobs", tag = "jobs",
    params(ListParameters),
    responses((status = 200, description = "A page of jobs.", body = Page<JobBody>))
)]
pub(crate) async fn list_jobs(
    permit: Permit<op::ListJobs>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let filter = parameters.filter()?;
    let page = PageParameters { limit: parameters.limit, cursor: parameters.cursor };
    let (limit, before) = page.bounds()?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let items = jobs::page(&mut tx, &filter, before, u32::from(limit) + 1).await?;
    tx.commit().await?;
    let items = items.into_iter().map(JobBody::try_from).collect::<Result<_, _>>()?;
    Ok(Page::cut(items, limit, |job: &JobBody| job.id).answer(&uri))
}
