//! `GET /api/v1/quarantine`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_store::quarantine;
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{selection::Wanted, shapes::QuarantinedItem};
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
    /// `syntax`, `schema`, `time`, `size`, `encoding`, `depth`, `duplicate_key`, `reserved_action`,
    /// `conflict`, `tenant`.
    reason: Option<String>,
    /// `auto` (the item could not be looked at), `custody`, `cloudtrail`.
    source_format: Option<String>,
    /// Received at that time or later. RFC 3339, or a date.
    from: Option<String>,
    /// … and before that time.
    to: Option<String>,
    /// Items of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the quarantine
///
/// What was sent and could not become an entry, newest first: the reason and where it is wrong,
/// without the bytes themselves.
#[utoipa::path(
    get, path = "/api/v1/quarantine", operation_id = "listQuarantine", tag = "quarantine",
    params(ListParameters),
    responses((status = 200, description = "A page of items.", body = Page<QuarantinedItem>))
)]
pub(crate) async fn list_quarantine(
    permit: Permit<op::ListQuarantine>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let wanted = Wanted {
        reason: parameters.reason.as_deref(),
        source_format: parameters.source_format.as_deref(),
        from: parameters.from.as_deref(),
        to: parameters.to.as_deref(),
    };
    let filter = wanted.filter().map_err(|(name, detail)| Problem::bad_parameter(name, detail))?;
    let page = PageParameters { limit: parameters.limit, cursor: parameters.cursor };
    let (limit, before) = page.bounds()?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let items = quarantine::page(&mut tx, &filter, before.map(Into::into), u32::from(limit) + 1).await?;
    tx.commit().await?;
    let page = Page::cut(items, limit, |item| item.id.0);
    Ok(page.map(QuarantinedItem::from).answer(&uri))
}
