//! `GET /api/v1/logs`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_domain::query::{FilterError, Filters, Query};
use custody_search::{LIMIT_MAX, PageRequest, Sort};
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{answer, shapes::EntryPage};
use crate::{
    App, Permit,
    extract::Parameters,
    page::LIMIT_DEFAULT,
    problem::{Fault, Kind, Problem},
};

/// All filters that are given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// The query language (docs/query.md): `actor:alice action:iam.* severity>=ERROR "access denied"`.
    q: Option<String>,
    /// The actor's id or name.
    actor: Option<String>,
    /// `*` stands for any characters: `iam.*`.
    action: Option<String>,
    resource_type: Option<String>,
    resource_id: Option<String>,
    /// `ERROR`, or from there on: `>=ERROR`.
    severity: Option<String>,
    outcome: Option<String>,
    /// An address, or a network (`10.0.0.0/8`).
    ip: Option<String>,
    session_id: Option<String>,
    request_id: Option<String>,
    /// Occurred (or received, where it does not say) at that time or later. RFC 3339, or a date.
    from: Option<String>,
    /// … and before that time.
    to: Option<String>,
    /// Received at that time or later.
    received_from: Option<String>,
    /// … and before that time.
    received_to: Option<String>,
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
    params(ListParameters),
    responses((status = 200, description = "A page of entries.", body = EntryPage))
)]
pub(crate) async fn list_entries(
    permit: Permit<op::ListEntries>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let request = PageRequest {
        query: parameters.query()?,
        sort: parameters.sort()?,
        limit: parameters.limit()?,
        cursor: parameters.cursor,
        total: parameters.total,
    };
    let counted = request.total;
    let page = app.search.page(&permit, request).await?;
    answer::page(&uri, &page, counted)
}

impl ListParameters {
    fn query(&self) -> Result<Query, Problem> {
        let filters = Filters {
            q: self.q.as_deref(),
            actor: self.actor.as_deref(),
            action: self.action.as_deref(),
            resource_type: self.resource_type.as_deref(),
            resource_id: self.resource_id.as_deref(),
            severity: self.severity.as_deref(),
            outcome: self.outcome.as_deref(),
            ip: self.ip.as_deref(),
            session_id: self.session_id.as_deref(),
            request_id: self.request_id.as_deref(),
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            received_from: self.received_from.as_deref(),
            received_to: self.received_to.as_deref(),
        };
        filters.to_query().map_err(refused)
    }

    fn sort(&self) -> Result<Sort, Problem> {
        let Some(text) = &self.sort else { return Ok(Sort::default()) };
        text.parse().map_err(|_| {
            Problem::bad_parameter(
                "sort",
                "must be one of -received_at, received_at, -occurred_at, occurred_at",
            )
        })
    }

    fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(LIMIT_DEFAULT) {
            limit @ 1..=LIMIT_MAX => Ok(limit),
            _ => Err(Problem::bad_parameter("limit", format!("must be from 1 to {LIMIT_MAX}"))),
        }
    }
}

fn refused(error: FilterError) -> Problem {
    match error {
        FilterError::Syntax(error) => Problem::new(Kind::BadQuery, "`q` cannot be read.").fault(Fault {
            offset: Some(error.position),
            hint: Some(error.hint),
            ..Fault::parameter("q", error.detail)
        }),
        FilterError::Parameter { parameter, detail, hint } => {
            Problem::new(Kind::BadParameters, "A query parameter cannot be used.")
                .fault(Fault { hint: Some(hint), ..Fault::parameter(parameter, detail) })
        }
    }
}
