//! A finding with everything that is known of it.

use std::collections::BTreeMap;

use custody_auth::Scope;
use custody_domain::FindingId;
use custody_scans::findings::{Details, as_ocsf, details};
use custody_store::{
    bases,
    findings::{self, FailedCalls},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::shapes::FindingBody;
use crate::{App, problem::Problem};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FindingDetail)]
pub(crate) struct DetailBody {
    #[serde(flatten)]
    finding: FindingBody,
    status_detail: String,
    description: String,
    risk: String,
    remediation: RemediationBody,
    /// Requirements by framework.
    #[schema(example = json!({"CIS-3.0": ["2.1.4"]}))]
    compliance: BTreeMap<String, Vec<String>>,
    categories: Vec<String>,
    /// Calls to the provider that failed beneath its check; where there are any, the evidence is incomplete.
    calls_failed: u32,
    /// The first different ones: `service`, `operation`, `region`, `code`, `status`, `message`, `n`.
    #[schema(value_type = Vec<Object>)]
    calls: Box<RawValue>,
    /// The whole finding, as a Detection Finding of OCSF: as the engine wrote it, where it wrote that.
    #[schema(value_type = Object)]
    ocsf: Box<RawValue>,
}

/// How it is put right: as the finding says, or else as its check is known now. An empty text is none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FindingRemediation)]
pub(crate) struct RemediationBody {
    text: String,
    url: String,
    cli: String,
    terraform: String,
    native_iac: String,
    other: String,
}

impl DetailBody {
    /// As it is now.
    pub(crate) async fn now(app: &App, scope: &Scope, id: FindingId) -> Result<Self, Problem> {
        let mut tx = app.store.tenant_tx(scope).await?;
        let finding = findings::get(&mut tx, id).await?;
        let said = findings::said(&mut tx, &[finding.key]).await?.remove(&finding.key).unwrap_or_default();
        let base = bases::read(&mut tx, &[finding.base_id]).await?.remove(&finding.base_id);
        let failed = findings::failed_calls(&mut tx, finding.scan_id, &finding.check_id).await?;
        tx.commit().await?;
        let base = base.ok_or_else(Problem::not_found)?;
        let text = base.dictionary.unpack(&finding.body).map_err(Problem::internal)?;
        let known = details(base.form, &text);
        // Where no engine is known there is nothing to add.
        let checks = app.scans.checks(scope, &finding.provider).await.ok();
        let known = match checks.as_ref().and_then(|checks| checks.get(&finding.check_id)) {
            Some(check) => known.or_of(check.check),
            None => known,
        };
        let ocsf = as_ocsf(base.form, text).map_err(Problem::internal)?;
        Self::of(FindingBody::of(finding, said, app.now()), known, failed, ocsf)
    }

    fn of(finding: FindingBody, known: Details, failed: FailedCalls, ocsf: String) -> Result<Self, Problem> {
        let calls = failed.calls.unwrap_or_else(|| "[]".to_owned());
        let remediation = known.remediation;
        Ok(Self {
            finding,
            status_detail: known.status_detail,
            description: known.description,
            risk: known.risk,
            remediation: RemediationBody {
                text: remediation.text,
                url: remediation.url,
                cli: remediation.cli,
                terraform: remediation.terraform,
                native_iac: remediation.native_iac,
                other: remediation.other,
            },
            compliance: known.compliance,
            categories: known.categories,
            calls_failed: failed.count,
            calls: RawValue::from_string(calls).map_err(Problem::internal)?,
            ocsf: RawValue::from_string(ocsf).map_err(Problem::internal)?,
        })
    }
}
