//! The kinds of question, about what is in the log.

use std::fmt::Write as _;

use anyhow::Context as _;

use super::Asker;

#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) path: String,
}

impl Question {
    /// Whether it asks for a page of entries.
    pub(crate) fn is_a_page(&self) -> bool {
        self.path.starts_with("/api/v1/logs?")
    }
}

/// Of values that the newest entries have.
pub(crate) async fn questions(asker: &mut Asker) -> anyhow::Result<Vec<Question>> {
    // Searches before left entries, too.
    let page = asker.ask(&path("/api/v1/logs", &[("q", "-action:custody.log.*"), ("limit", "200")])).await?;
    let items = page["items"].as_array().context("items")?;
    let first = items.first().context("an entry")?;
    let text = |pointer: &str| first.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let (id, actor, action) = (text("/id"), text("/actor/id"), text("/action"));
    let message = text("/message");
    let word = action.split('.').next_back().unwrap_or_default().to_owned();
    let day = text("/occurred_at").get(..10).unwrap_or_default().to_owned();
    let phrase: String = message.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let region =
        items.iter().find_map(|item| item.pointer("/metadata/awsRegion")?.as_str()).unwrap_or("us-east-1");
    let ip = text("/ip");
    let network = ip.rsplit_once('.').map_or("10.0.0.0/8".to_owned(), |(start, _)| format!("{start}.0/24"));
    let logs = |parameters: &[(&str, &str)]| path("/api/v1/logs", parameters);
    let stats = |parameters: &[(&str, &str)]| path("/api/v1/logs/stats", parameters);
    let metadata = format!("metadata.awsRegion:{region} severity>=WARNING");
    let mixed = format!("outcome:success ip:{network} {word} -severity:CRITICAL action:*");
    Ok([
        ("newest 50", logs(&[])),
        ("newest 50 by occurred_at", logs(&[("sort", "-occurred_at")])),
        ("of an actor", logs(&[("actor", &actor)])),
        ("action and a day", logs(&[("action", &action), ("q", &format!("time:{day}"))])),
        ("a word", logs(&[("q", &word)])),
        ("a phrase", logs(&[("q", &format!("\"{phrase}\""))])),
        ("metadata and severity", logs(&[("q", &metadata)])),
        ("an IP range", logs(&[("ip", &network)])),
        ("mixed", logs(&[("q", &mixed)])),
        ("a word, by occurred_at", logs(&[("q", &word), ("sort", "-occurred_at")])),
        ("a word that is not there", logs(&[("q", "nowheretobefound")])),
        ("by id", format!("/api/v1/logs/{id}")),
        ("proof by id", format!("/api/v1/logs/{id}/proof")),
        ("count by severity", stats(&[("by", "severity")])),
        ("by hour", stats(&[("interval", "hour")])),
        ("top 10 actions", stats(&[("by", "action"), ("top", "10")])),
        ("top 10 actions of a word", stats(&[("by", "action"), ("top", "10"), ("q", &word)])),
    ]
    .into_iter()
    .map(|(name, path)| Question { name, path })
    .collect())
}

fn path(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut out = format!("{path}?");
    for (name, value) in parameters {
        out.push_str(name);
        out.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() {
                out.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out.push('&');
    }
    out.trim_end_matches(['&', '?']).to_owned()
}
