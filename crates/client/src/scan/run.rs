//! `custody scan run`

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::bail;
use clap::Args;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use super::{given::GivenArgs, shape::Scan, watch};
use crate::{Connection, output, text::shown};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct RunArgs {
    #[command(flatten)]
    connection: Connection,

    /// What is scanned: aws, azure, gcp, kubernetes, github, m365, …
    #[arg(long, default_value = "aws", conflicts_with_all = ["account", "demo"])]
    provider: String,

    /// A connected account (`POST /api/v1/providers`), by its id, in the place of credentials.
    #[arg(long, value_name = "ID")]
    account: Option<String>,

    /// Scans an emulated AWS account, which the worker starts and fills for it: nothing has to be set up.
    #[arg(long, conflicts_with_all = ["account", "credentials", "profile", "endpoint_url", "role_arn"])]
    demo: bool,

    #[command(flatten)]
    given: GivenArgs,

    /// What to call it.
    #[arg(long)]
    name: Option<String>,

    /// A tag, for people. May be given often.
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    tags: Vec<String>,

    #[command(flatten)]
    scope: ScopeArgs,

    /// So many processes share the services.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    parallelism: Option<u16>,

    /// Where one of the same account and scope runs, waits for its end; else it is refused.
    #[arg(long)]
    wait: bool,

    /// Says which checks would be run, and runs none.
    #[arg(long, conflicts_with = "watch")]
    dry_run: bool,

    /// Shows it until it ends.
    #[arg(long)]
    watch: bool,
}

/// What is looked at: what is not given is not narrowed.
#[derive(Debug, Default, Args, Serialize)]
struct ScopeArgs {
    /// Only these regions, with commas between them.
    #[arg(long, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    regions: Vec<String>,

    /// Only these services: `s3,iam`.
    #[arg(long, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,

    /// Only these checks.
    #[arg(long, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<String>,

    /// critical, high, medium, low, informational.
    #[arg(long = "severity", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    severities: Vec<String>,

    /// Compliance frameworks: `cis_3.0_aws`.
    #[arg(long = "compliance", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    frameworks: Vec<String>,

    /// Only checks of these categories: `internet-exposed`.
    #[arg(long, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<String>,

    /// Not these services.
    #[arg(long, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    excluded_services: Vec<String>,

    /// Not these checks.
    #[arg(long, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    excluded_checks: Vec<String>,
}

#[derive(Serialize)]
struct Order<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    demo: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<&'a str, &'a str>,
    scope: &'a ScopeArgs,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallelism: Option<u16>,
    if_running: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

impl RunArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let order = self.order()?;
        let request = client.request(Method::POST, "/api/v1/scans").json(&order);
        let answer: Box<RawValue> = client.json(request).await?;
        if self.dry_run {
            return dry_run(&answer, json);
        }
        let scan: Scan = serde_json::from_str(answer.get())?;
        if self.watch {
            if !json {
                let id = shown(&scan.id);
                eprintln!("{id} is asked for; Ctrl-C leaves it running, `custody scan cancel {id}` ends it");
            }
            return watch::until_end(&client, &scan.id, json).await;
        }
        if json {
            output::line(answer.get())?;
        } else {
            output::line(&format!("{} is {}", shown(&scan.id), shown(&scan.status)))?;
            eprintln!("custody scan show {} --watch follows it", shown(&scan.id));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn order(&self) -> anyhow::Result<Order<'_>> {
        let named = self.account.is_some() || self.demo;
        let mut tags = BTreeMap::new();
        for tag in &self.tags {
            let Some((name, value)) = tag.split_once('=') else { bail!("--tag {tag:?} is not NAME=VALUE") };
            tags.insert(name, value);
        }
        Ok(Order {
            provider: (!named).then_some(self.provider.as_str()),
            provider_id: self.account.as_deref(),
            demo: self.demo,
            credentials: if named { None } else { self.given.credentials(&self.provider)? },
            settings: self.given.settings()?,
            name: self.name.as_deref(),
            tags,
            scope: &self.scope,
            parallelism: self.parallelism,
            if_running: if self.wait { "wait" } else { "refuse" },
            dry_run: self.dry_run,
        })
    }
}

fn dry_run(answer: &RawValue, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        output::line(answer.get())?;
        return Ok(ExitCode::SUCCESS);
    }
    let plan: Value = serde_json::from_str(answer.get())?;
    for check in plan["checks"].as_array().into_iter().flatten() {
        let text = |name: &str| shown(check[name].as_str().unwrap_or_default());
        output::line(&format!("{:<14}  {}", text("severity"), text("id")))?;
    }
    eprintln!("{} checks of {} services would be run", plan["checks_total"], plan["services_total"]);
    Ok(ExitCode::SUCCESS)
}
