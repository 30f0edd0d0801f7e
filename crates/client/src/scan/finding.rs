//! `custody scan finding`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::findings::Finding;
use crate::{
    ClientError, Connection, output, path,
    text::{count, second, shown, shown_lines},
};

#[derive(Debug, Args)]
pub struct FindingArgs {
    #[command(flatten)]
    connection: Connection,

    /// The finding's id, as `scan findings` shows it.
    id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the API's names")]
struct Detail {
    #[serde(flatten)]
    head: Finding,
    scan_id: String,
    title: String,
    first_seen_at: String,
    last_seen_at: String,
    status_detail: String,
    description: String,
    risk: String,
    remediation: Remediation,
    calls_failed: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Remediation {
    text: String,
    url: String,
    cli: String,
    terraform: String,
    native_iac: String,
    other: String,
}

impl FindingArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let request = client.request(Method::GET, &path::one("findings", &self.id, ""));
        let finding: Result<Box<RawValue>, ClientError> = client.json(request).await;
        let finding = finding.with_context(|| format!("cannot get the finding {:?}", self.id))?;
        if json {
            output::line(finding.get())?;
        } else {
            output::line(&serde_json::from_str::<Detail>(finding.get())?.told())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Detail {
    fn told(&self) -> String {
        let Self { head, remediation, .. } = self;
        let mut lines = vec![
            format!("{}: {}", shown(&head.check_id), shown(&self.title)),
            String::new(),
            format!("status    {}, {}", head.status(), shown(&head.severity)),
            format!("resource  {} {}", shown(head.resource()), shown(head.region())),
            format!("seen      {}, first {}", second(&self.last_seen_at), second(&self.first_seen_at)),
            format!("triage    {}", head.said()),
            format!("scan      {}", shown(&self.scan_id)),
        ];
        if self.calls_failed > 0 {
            let calls = count(self.calls_failed, "call to the provider", "calls to the provider");
            lines.push(format!("evidence  {calls} failed beneath this check"));
        }
        let remediations = [
            ("to do", &remediation.text),
            ("by command line", &remediation.cli),
            ("by Terraform", &remediation.terraform),
            ("by the provider's own templates", &remediation.native_iac),
            ("otherwise", &remediation.other),
            ("more", &remediation.url),
        ];
        let texts =
            [("what was seen", &self.status_detail), ("what it is", &self.description), ("risk", &self.risk)];
        for (heading, text) in texts.into_iter().chain(remediations).filter(|(_, text)| !text.is_empty()) {
            lines.extend([String::new(), format!("{heading}:"), shown_lines(text)]);
        }
        lines.join("\n")
    }
}
