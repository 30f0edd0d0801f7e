//! Credentials and settings, as a person gives them: from the environment, from a file, by name.

use std::{env, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Map, Value};

/// What AWS's own tools read.
const AWS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
    ("AWS_SESSION_TOKEN", "session_token"),
];

#[derive(Debug, Args)]
pub(super) struct GivenArgs {
    /// A JSON file with the provider's credentials by name (docs/prowler.md); `-` is standard input. For
    /// aws they are taken from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` where
    /// no file is given.
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,

    /// A setting of the provider: `role_arn=arn:aws:iam::…`, `project_ids=one,two`. May be given often.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,

    /// A role to take on (aws).
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,

    /// What the role asks for (aws).
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,

    /// Another address than the provider's own (aws).
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,

    /// A profile of the server's own configuration, which its operator has to allow (aws).
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl GivenArgs {
    pub(super) fn credentials(&self, provider: &str) -> anyhow::Result<Option<Map<String, Value>>> {
        if let Some(path) = &self.credentials {
            let text = if path.as_os_str() == "-" {
                std::io::read_to_string(std::io::stdin())
            } else {
                std::fs::read_to_string(path)
            };
            let text = text.with_context(|| format!("cannot read the credentials in {}", path.display()))?;
            // What serde says of it might hold a piece of it.
            let Ok(given) = serde_json::from_str(&text) else {
                bail!("{} does not hold a JSON object of credentials by name", path.display());
            };
            return Ok(Some(given));
        }
        if provider != "aws" || self.profile.is_some() {
            return Ok(None);
        }
        let found: Map<_, _> = AWS
            .iter()
            .filter_map(|(variable, name)| {
                let value = env::var(variable).ok().filter(|value| !value.is_empty())?;
                Some(((*name).to_owned(), Value::String(value)))
            })
            .collect();
        Ok((!found.is_empty()).then_some(found))
    }

    pub(super) fn settings(&self) -> anyhow::Result<Option<Map<String, Value>>> {
        let mut settings = Map::new();
        for setting in &self.settings {
            let Some((name, value)) = setting.split_once('=') else {
                bail!("--set {setting:?} is not NAME=VALUE");
            };
            settings.insert(name.to_owned(), read(value));
        }
        let named = [
            ("role_arn", &self.role_arn),
            ("external_id", &self.external_id),
            ("endpoint_url", &self.endpoint_url),
            ("profile", &self.profile),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                settings.insert(name.to_owned(), Value::String(value.clone()));
            }
        }
        Ok((!settings.is_empty()).then_some(settings))
    }
}

/// JSON where it is a list, a number, true or false; with commas, a list; else a text.
fn read(value: &str) -> Value {
    match serde_json::from_str(value) {
        Ok(json @ (Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_))) => json,
        _ if value.contains(',') => {
            Value::Array(value.split(',').map(|item| Value::String(item.trim().to_owned())).collect())
        }
        _ => Value::String(value.to_owned()),
    }
}
