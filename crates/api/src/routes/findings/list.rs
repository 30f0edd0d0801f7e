//! `GET /api/v1/findings`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_domain::FindingId;
use custody_scans::findings::{FindingsAsked, FindingsLimits, page};
use http::{Uri, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{filters::FindingFilters, shapes::FindingBody};
use crate::{
    App, Permit,
    extract::Parameters,
    page::{PageParameters, cursor, link},
    problem::Problem,
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// `-id` (what was kept last comes first, the default) or `id`.
    sort: Option<String>,
    /// Findings of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// A page of findings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingPage {
    items: Vec<FindingBody>,
    /// Goes into `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
    /// Why the page is not full although there may be more.
    stopped: Option<StoppedLooking>,
}

/// The request has done as much work as one may; `next_cursor` goes on from there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoppedLooking {
    /// Always `work_limit`.
    #[schema(example = "work_limit")]
    reason: &'static str,
    /// Findings looked at for this page.
    scanned: u32,
}

/// List findings
///
/// Those that all filters match, of the latest scans: each that no later scan has looked at again; with
/// `scan_id` those of one scan, with `history=true` those of all. The work of one request is bounded: a page
/// may hold fewer than asked for, or none, and still have a `next_cursor`; `stopped` says why.
#[utoipa::path(
    get, path = "/api/v1/findings", operation_id = "listFindings", tag = "findings",
    params(FindingFilters, ListParameters),
    responses((status = 200, description = "A page of findings.", body = FindingPage))
)]
pub(crate) async fn list_findings(
    permit: Permit<op::ListFindings>,
    State(app): State<App>,
    uri: Uri,
    Parameters(filters): Parameters<FindingFilters>,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let query = filters.query()?;
    let newest_first = parameters.newest_first()?;
    let bounds = PageParameters { limit: parameters.limit, cursor: parameters.cursor };
    let (limit, after) = bounds.bounds()?;
    let asked = FindingsAsked { query: &query, newest_first, limit, after: after.map(FindingId) };
    let now = app.now();
    let mut tx = app.store.tenant_tx(&permit).await?;
    let page = page(&mut tx, &asked, &FindingsLimits::default(), now).await?;
    tx.commit().await?;
    let body = FindingPage {
        items: page.items.into_iter().map(|(finding, said)| FindingBody::of(finding, said, now)).collect(),
        next_cursor: page.next.map(|id| cursor(id.0)),
        stopped: page
            .stopped
            .map(|stopped| StoppedLooking { reason: "work_limit", scanned: stopped.scanned }),
    };
    let link = link(&uri, "next", body.next_cursor.as_deref());
    let mut response = Json(body).into_response();
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

impl ListParameters {
    fn newest_first(&self) -> Result<bool, Problem> {
        match self.sort.as_deref() {
            None | Some("-id") => Ok(true),
            Some("id") => Ok(false),
            Some(_) => Err(Problem::bad_parameter("sort", "must be -id or id")),
        }
    }
}
