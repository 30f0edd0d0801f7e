//! `custody config`

use std::process::ExitCode;

use clap::Args;

use super::{Console, print, table};
use crate::config::{Loaded, SETTINGS};

#[derive(Debug, Args)]
pub(crate) struct ConfigCommand {
    /// Prints the reference of all settings as Markdown (docs/configuration.md).
    #[arg(long)]
    markdown: bool,
}

impl ConfigCommand {
    pub(crate) fn run(self, loaded: &Loaded, console: Console) -> anyhow::Result<ExitCode> {
        if self.markdown {
            print(&markdown())?;
            return Ok(ExitCode::SUCCESS);
        }
        console.answer(&loaded.explained, || {
            let rows = loaded.explained.iter();
            let rows: Vec<_> = rows
                .map(|row| {
                    vec![
                        row.key.to_owned(),
                        row.value.clone().unwrap_or_else(|| "-".to_owned()),
                        row.source.clone(),
                    ]
                })
                .collect();
            table(&["SETTING", "VALUE", "FROM"], &rows)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn markdown() -> String {
    let mut lines = vec![
        "| key | environment | flag | default | what |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    lines.extend(SETTINGS.iter().map(|s| {
        let default = if s.default.is_empty() { String::new() } else { format!("`{}`", s.default) };
        format!("| `{}` | `{}` | `--{}` | {default} | {} |", s.key, s.env, s.flag(), s.doc)
    }));
    lines.join("\n")
}
