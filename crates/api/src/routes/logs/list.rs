//! `GET /api/v1/logs`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_ingest::reads::What;
use custody_search::{LIMIT_MAX, PageRequest, Sort, UnknownSort};
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{answer, filters::FilterParameters, shapes::EntryPage};
use crate::{
    App, Permit,
    extract::Parameters,
    page::{LIMIT_DEFAULT, up_to},
    problem::Problem,
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// `-received_at` (newest first, the default) or `received_at`, in log order; `-occurred_at` or
    /// `occurred_at`, by when it happened, also where events came late.
    sort: Option<String>,
    /// Entries of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` or `previous_cursor` of another page, with everything else as it was.
    cursor: Option<String>,
    /// Whether to count all entries that match.
    #[serde(default)]
    total: bool,
}

/// List entries
///
/// The entries of the credential's tenant that all filters match, in pages. A page covers the log
/// as it was when the read began. The work of one request is bounded: a page may hold fewer entries
/// than asked for, or none, and still have a `next_cursor`; `stopped` says why. Holders of the role
/// `user` see what they recorded themselves, and no counts that others' entries go into. 503 with
/// `Retry-After` where too many searches of the tenant run at once.
#[utoipa::path(
    get, path = "/api/v1/logs", operation_id = "listEntries", tag = "entries",
    params(FilterParameters, ListParameters),
    responses((status = 200, description = "A page of entries.", body = EntryPage))
)]
pub(crate) async fn list_entries(
    permit: Permit<op::ListEntries>,
    State(app): State<App>,
    uri: Uri,
    Parameters(filters): Parameters<FilterParameters>,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let request = PageRequest {
        query: filters.query()?,
        sort: parameters.sort()?,
        limit: parameters.limit()?,
        cursor: parameters.cursor,
        total: parameters.total,
    };
    let (counted, query) = (request.total, request.query.clone());
    let page = app.search.page(&permit, request).await?;
    app.told(&permit, What::Query(&query), page.items.len() as u64);
    answer::page(&uri, &page, counted)
}

impl ListParameters {
    fn sort(&self) -> Result<Sort, Problem> {
        let Some(text) = &self.sort else { return Ok(Sort::default()) };
        text.parse().map_err(|error: UnknownSort| Problem::bad_parameter("sort", error.to_string()))
    }

    fn limit(&self) -> Result<u32, Problem> {
        up_to(LIMIT_MAX, "limit", self.limit.unwrap_or(LIMIT_DEFAULT))
    }
}
