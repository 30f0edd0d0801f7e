//! `GET /api/v1/checks`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_domain::FindingSeverity;
use custody_scans::checks::CheckFilter;
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;

use super::shapes::{CheckBody, ProviderParameter, asked};
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
    service: Option<String>,
    /// `critical`, `high`, `medium`, `low`, `informational`; the tenant's word counts.
    severity: Option<String>,
    category: Option<String>,
    /// It stands for a requirement of this one: `cis_3.0_aws`.
    framework: Option<String>,
    /// Whether scans leave it out.
    disabled: Option<bool>,
    /// Whether the tenant wrote it.
    own: Option<bool>,
    /// Words, each of which is in the id, the title, the description, the risk or the remediation, in any
    /// case of letters.
    q: Option<String>,
}

impl ListParameters {
    fn filter(self) -> Result<CheckFilter, Problem> {
        let severity = self.severity.as_deref().map(str::parse::<FindingSeverity>).transpose();
        Ok(CheckFilter {
            severity: severity.map_err(|unknown| Problem::bad_parameter("severity", unknown.to_string()))?,
            service: self.service,
            category: self.category,
            framework: self.framework,
            disabled: self.disabled,
            own: self.own,
            words: self.q,
        })
    }
}

/// List checks
///
/// Of one provider, by id: those of the newest Prowler that any worker has had, each with the tenant's own
/// word on it, and the tenant's own.
#[utoipa::path(
    get, path = "/api/v1/checks", operation_id = "listChecks", tag = "scans",
    params(ProviderParameter, ListParameters, PageParameters),
    responses((status = 200, description = "A page of checks.", body = Page<CheckBody>))
)]
pub(crate) async fn list_checks(
    permit: Permit<op::ListChecks>,
    State(app): State<App>,
    uri: Uri,
    Parameters(provider): Parameters<ProviderParameter>,
    Parameters(parameters): Parameters<ListParameters>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let filter = parameters.filter()?;
    let (limit, after) = page.bounds_by(|key| String::from_utf8(key.to_vec()).ok())?;
    let checks = app.scans.checks(&permit, provider.name()).await.map_err(asked)?;
    let found = checks.matching(&filter);
    let found = found.map_err(|unknown| Problem::bad_parameter(unknown.kind, unknown.to_string()))?;
    let after = after.unwrap_or_default();
    let rest = found.iter().filter(|known| known.check.id > after).take(usize::from(limit) + 1);
    let items = rest.map(|known| CheckBody::of(checks.provider(), known)).collect();
    Ok(Page::cut(items, limit, |check: &CheckBody| check.id.clone()).answer(&uri))
}
