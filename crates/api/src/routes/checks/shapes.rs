//! A check as it is listed, and what a request names it by.

use std::str::FromStr;

use custody_scans::{ScansError, checks::Known};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

const PROVIDER: &str = "aws";

/// What an engine can look at, or a tenant's own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Check, example = json!({
    "id": "s3_bucket_public_access", "provider": "aws", "title": "S3 bucket is not publicly accessible",
    "service": "s3", "severity": "high", "engine_severity": "critical", "categories": ["internet-exposed"],
    "resource_type": "AwsS3Bucket", "disabled": false, "own": false, "note": "All of ours are behind a CDN.",
    "version": 2,
}))]
pub(crate) struct CheckBody {
    pub(crate) id: String,
    /// Prowler's name of it: `aws`, `azure`, …; `manual` for what no engine looks at.
    provider: String,
    title: String,
    service: String,
    /// The tenant's word, or else `engine_severity`.
    #[schema(example = "high")]
    severity: &'static str,
    /// As the engine has it, or as it was first written.
    #[schema(example = "critical")]
    engine_severity: &'static str,
    categories: Vec<String>,
    resource_type: String,
    /// No scan runs it.
    disabled: bool,
    /// The tenant wrote it; no scan runs it.
    own: bool,
    /// The tenant's.
    note: Option<String>,
    /// Of the tenant's word; 0 where there is none.
    version: u64,
}

impl CheckBody {
    pub(super) fn of(provider: &str, known: &Known<'_>) -> Self {
        let check = known.check;
        Self {
            id: check.id.clone(),
            provider: provider.to_owned(),
            title: check.title.clone(),
            service: check.service.clone(),
            severity: known.severity().as_str(),
            engine_severity: check.severity.0.as_str(),
            categories: check.categories.clone(),
            resource_type: check.resource_type.clone(),
            disabled: known.disabled(),
            own: known.own.is_some(),
            note: known.said.and_then(|said| said.note.clone()),
            version: known.version(),
        }
    }
}

/// Whose checks are meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProviderParameter {
    /// Prowler's name of it; `aws` if not given. `manual`: what no engine looks at.
    provider: Option<String>,
}

impl ProviderParameter {
    pub(crate) fn name(&self) -> &str {
        self.provider.as_deref().unwrap_or(PROVIDER)
    }
}

/// A check's id in a path. What can be none is answered like one that never was.
#[derive(Clone, Debug)]
pub(crate) struct CheckId(pub(crate) String);

impl FromStr for CheckId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        custody_scans::checks::is_id(text).then(|| Self(text.to_owned())).ok_or(())
    }
}

/// The problem of a request that names the provider in its query, and not in its body.
pub(crate) fn asked(error: ScansError) -> Problem {
    match error {
        ScansError::Invalid(faults) if faults.iter().any(|fault| fault.pointer == "/provider") => {
            let detail =
                faults.into_iter().find(|fault| fault.pointer == "/provider").map(|fault| fault.detail);
            Problem::bad_parameter("provider", detail.unwrap_or_default())
        }
        error => error.into(),
    }
}
