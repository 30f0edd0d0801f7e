//! `PATCH /api/v1/checks/{id}`

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_scans::checks::{Change, TextChange};
use custody_store::findings::Wish;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    create::severity,
    detail::{CheckDetailBody, CheckRemediation},
    shapes::{CheckId, ProviderParameter, asked},
};
use crate::{
    App, Permit,
    extract::{Id, Json, Parameters},
    problem::{Fault, Kind, Problem, ProblemBody},
    routes::findings::said::given,
};

/// What is not given stays. Of the engine's checks `severity`, `disabled` and `note` are the tenant's; of
/// its own the texts too.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CheckChange, example = json!({"severity": "high", "note": "All of ours are behind a CDN."}))]
pub(crate) struct CheckChange {
    /// In the place of `engine_severity`, in findings of the next scan on; null takes it back.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    severity: Wish<String>,
    /// No scan runs it.
    disabled: Option<bool>,
    /// Null takes it back.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    note: Wish<String>,
    /// As it was read: a change by somebody else since is answered 409. Without it the last one wins.
    version: Option<u64>,
    title: Option<String>,
    service: Option<String>,
    resource_type: Option<String>,
    categories: Option<Vec<String>>,
    types: Option<Vec<String>>,
    description: Option<String>,
    risk: Option<String>,
    urls: Option<Vec<String>>,
    notes: Option<String>,
    /// In the place of the one that is there.
    remediation: Option<CheckRemediation>,
    compliance: Option<BTreeMap<String, Vec<String>>>,
}

/// Change a check
///
/// The tenant's own word on it; other tenants do not see it.
#[utoipa::path(
    patch, path = "/api/v1/checks/{id}", operation_id = "updateCheck", tag = "scans",
    params(("id" = String, Path, description = "The check."), ProviderParameter),
    request_body = CheckChange,
    responses(
        (status = 200, description = "As it is now.", body = CheckDetailBody),
        (status = 409, description = "Somebody changed it since `version`.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_check(
    permit: Permit<op::UpdateCheck>,
    State(app): State<App>,
    Id(CheckId(id)): Id<CheckId>,
    Parameters(provider): Parameters<ProviderParameter>,
    Json(change): Json<CheckChange>,
) -> Result<Answer<CheckDetailBody>, Problem> {
    let change = change.read()?;
    let checks = app.scans.change_check(&permit, provider.name(), &id, change).await.map_err(asked)?;
    Ok(Answer(CheckDetailBody::of(&checks, &id)?))
}

impl CheckChange {
    fn read(self) -> Result<Change, Problem> {
        let change = Change {
            severity: match self.severity {
                Wish::Stays => Wish::Stays,
                Wish::Becomes(word) => Wish::Becomes(word.as_deref().map(severity).transpose()?),
            },
            disabled: self.disabled,
            note: self.note,
            version: self.version,
            texts: TextChange {
                title: self.title,
                service: self.service,
                resource_type: self.resource_type,
                categories: self.categories,
                types: self.types,
                description: self.description,
                risk: self.risk,
                urls: self.urls,
                notes: self.notes,
                remediation: self.remediation.map(Into::into),
                compliance: self.compliance,
            },
        };
        if change == (Change { version: change.version, ..Change::default() }) {
            let fault =
                Fault::at("/severity", "give this, `disabled`, `note`, or a text of a check of your own");
            return Err(Problem::new(Kind::Invalid, "There is nothing to change.").fault(fault));
        }
        Ok(change)
    }
}
