//! `custody scan triage`

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Args;
use reqwest::Method;
use serde_json::{Map, Value, json, value::RawValue};

use super::findings::Finding;
use crate::{ClientError, Connection, output, path, text::shown};

#[derive(Debug, Args)]
pub struct TriageArgs {
    #[command(flatten)]
    connection: Connection,

    /// The finding's id, as `scan findings` shows it.
    id: String,

    /// open, `in_progress`, accepted, `false_positive` or fixed.
    #[arg(long)]
    state: Option<String>,

    /// Who cares for it.
    #[arg(long)]
    owner: Option<String>,

    #[arg(long)]
    note: Option<String>,

    /// Mutes it: it counts as dealt with. Says why.
    #[arg(long, value_name = "REASON", conflicts_with = "unmute")]
    mute: Option<String>,

    /// Until when it is muted (`2027-01-31T00:00:00Z`); if not given until somebody says otherwise.
    #[arg(long, value_name = "TIME", requires = "mute")]
    until: Option<String>,

    /// It is muted no longer.
    #[arg(long)]
    unmute: bool,
}

impl TriageArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let said = self.said();
        ensure!(!said.is_empty(), "say what it is: --state, --owner, --note, --mute or --unmute");
        let client = self.connection.open()?;
        let request = client.request(Method::PATCH, &path::one("findings", &self.id, ""));
        let request = request.json(&json!({ "triage": said }));
        let finding: Result<Box<RawValue>, ClientError> = client.json(request).await;
        let finding = finding.with_context(|| format!("cannot say anything of the finding {:?}", self.id))?;
        if json {
            output::line(finding.get())?;
        } else {
            let finding: Finding = serde_json::from_str(finding.get())?;
            let (check, resource) = (shown(&finding.check_id), shown(finding.resource()));
            output::line(&format!("{check} of {resource}: {}", finding.said()))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn said(&self) -> Map<String, Value> {
        let texts = [("state", &self.state), ("owner", &self.owner), ("note", &self.note)];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, json!(text.as_ref()?))));
        let mute = self.mute.as_ref().map(|reason| json!({"reason": reason, "until": self.until}));
        let mute = mute.or_else(|| self.unmute.then_some(Value::Null)).map(|mute| ("mute", mute));
        texts.chain(mute).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
