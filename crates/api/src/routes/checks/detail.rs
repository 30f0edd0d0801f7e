//! A check with all its texts.

use std::collections::BTreeMap;

use custody_scans::{
    catalogue::Remediation,
    checks::{Checks, Known},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::CheckBody;
use crate::problem::Problem;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckDetail)]
pub(crate) struct CheckDetailBody {
    #[serde(flatten)]
    check: CheckBody,
    /// Markdown, as are `risk` and `remediation.text`.
    description: String,
    risk: String,
    remediation: CheckRemediation,
    types: Vec<String>,
    urls: Vec<String>,
    /// The check's; `note` is the tenant's.
    notes: String,
    /// Requirements that it stands for, by framework.
    #[schema(example = json!({"soc2_aws": ["cc_6_1"]}))]
    compliance: BTreeMap<String, Vec<String>>,
}

/// How a failure is put right. An empty text is none.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CheckRemediation {
    text: String,
    url: String,
    cli: String,
    native_iac: String,
    terraform: String,
    other: String,
}

impl CheckDetailBody {
    /// 404 where there is none of this id.
    pub(super) fn of(checks: &Checks, id: &str) -> Result<Self, Problem> {
        let known = checks.get(id).ok_or_else(Problem::not_found)?;
        let Known { check, .. } = known;
        let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect();
        let requirements = checks.requirements_of(&known).into_iter();
        Ok(Self {
            check: CheckBody::of(checks.provider(), &known),
            description: check.description.clone(),
            risk: check.risk.clone(),
            remediation: check.remediation.clone().into(),
            types: check.types.clone(),
            urls: check.urls.clone(),
            notes: check.notes.clone(),
            compliance: requirements.map(|(framework, ids)| (framework.to_owned(), owned(ids))).collect(),
        })
    }
}

impl From<Remediation> for CheckRemediation {
    fn from(remediation: Remediation) -> Self {
        let Remediation { text, url, cli, native_iac, terraform, other } = remediation;
        Self { text, url, cli, native_iac, terraform, other }
    }
}

impl From<CheckRemediation> for Remediation {
    fn from(remediation: CheckRemediation) -> Self {
        let CheckRemediation { text, url, cli, native_iac, terraform, other } = remediation;
        Self { text, url, cli, native_iac, terraform, other }
    }
}
