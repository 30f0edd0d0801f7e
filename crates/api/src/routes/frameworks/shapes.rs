//! A framework as it is shown.

use custody_scans::catalogue::Framework;
use serde::Serialize;
use utoipa::ToSchema;

/// A compliance framework, as Prowler has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Framework, example = json!({
    "id": "cis_3.0_aws", "framework": "CIS", "name": "CIS Amazon Web Services Foundations Benchmark v3.0.0",
    "version": "3.0", "requirements_total": 62, "checks_total": 76,
}))]
pub(crate) struct FrameworkBody {
    pub(crate) id: String,
    framework: String,
    name: String,
    version: String,
    requirements_total: usize,
    /// Different ones that stand for any of them.
    checks_total: usize,
}

impl FrameworkBody {
    pub(crate) fn of(framework: &Framework) -> Self {
        Self {
            id: framework.id.clone(),
            framework: framework.framework.clone(),
            name: framework.name.clone(),
            version: framework.version.clone(),
            requirements_total: framework.requirements.len(),
            checks_total: framework.checks_count(),
        }
    }
}
