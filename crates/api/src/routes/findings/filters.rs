//! What findings are asked for by.

use custody_domain::finding::query::{Filters, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{problem::Problem, routes::logs::filters::refused};

/// All filters that are given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingFilters {
    /// The query language (docs/query.md): `severity>=high status:FAIL -triage:accepted "public access"`.
    q: Option<String>,
    /// `FAIL`, or several: `FAIL,MANUAL`.
    status: Option<String>,
    /// `critical`, several: `critical,high`, or from there on: `>=high`.
    severity: Option<String>,
    service: Option<String>,
    region: Option<String>,
    check_id: Option<String>,
    account: Option<String>,
    /// Its uid (an ARN) or its name.
    resource: Option<String>,
    /// Against the scan before: `unchanged`, `new`, `still_failing`, `resolved`, `regressed`; or several.
    delta: Option<String>,
    /// `open`, `in_progress`, `accepted`, `false_positive`, `fixed`; or several.
    triage: Option<String>,
    /// `true` or `false`.
    muted: Option<String>,
    /// What that scan found. Without it: what no later scan has looked at again.
    scan_id: Option<String>,
    /// What every scan found, also what a later one has looked at again.
    #[serde(default)]
    history: bool,
}

impl FindingFilters {
    pub(crate) fn query(&self) -> Result<Query, Problem> {
        let filters = Filters {
            q: self.q.as_deref(),
            status: self.status.as_deref(),
            severity: self.severity.as_deref(),
            service: self.service.as_deref(),
            region: self.region.as_deref(),
            check_id: self.check_id.as_deref(),
            account: self.account.as_deref(),
            resource: self.resource.as_deref(),
            delta: self.delta.as_deref(),
            triage: self.triage.as_deref(),
            muted: self.muted.as_deref(),
            scan_id: self.scan_id.as_deref(),
            history: self.history,
        };
        filters.to_query().map_err(refused)
    }
}
