//! `GET /api/v1/scans`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_domain::{ScanId, ScanStatus};
use custody_store::scans::{self, ScanFilter, Source};
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;

use super::shapes::ScanBody;
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
    /// `aws`, `azure`, …
    provider: Option<String>,
    account: Option<String>,
    /// `engine`, `import`, `manual`.
    source: Option<String>,
    /// Items of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ListParameters {
    fn filter(&self) -> Result<ScanFilter, Problem> {
        let status = self.status.as_deref().map(str::parse::<ScanStatus>).transpose();
        let source = self.source.as_deref().map(|text| {
            let source = Source::ALL.into_iter().find(|source| source.as_str() == text);
            source.ok_or_else(|| Problem::bad_parameter("source", "must be one of engine, import, manual"))
        });
        Ok(ScanFilter {
            status: status.map_err(|unknown| Problem::bad_parameter("status", unknown.to_string()))?,
            provider: self.provider.clone(),
            account: self.account.clone(),
            source: source.transpose()?,
        })
    }
}

/// List scans
///
/// The tenant's own, newest first.
#[utoipa::path(
    get, path = "/api/v1/scans", operation_id = "listScans", tag = "scans",
    params(ListParameters),
    responses((status = 200, description = "A page of scans.", body = Page<ScanBody>))
)]
pub(crate) async fn list_scans(
    permit: Permit<op::ListScans>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let filter = parameters.filter()?;
    let page = PageParameters { limit: parameters.limit, cursor: parameters.cursor };
    let (limit, before) = page.bounds()?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    scans::settle(&mut tx).await?;
    let items = scans::page(&mut tx, &filter, before.map(ScanId), u32::from(limit) + 1).await?;
    tx.commit().await?;
    let items = items.into_iter().map(ScanBody::try_from).collect::<Result<_, _>>()?;
    Ok(Page::cut(items, limit, |scan: &ScanBody| scan.id.0).answer(&uri))
}
