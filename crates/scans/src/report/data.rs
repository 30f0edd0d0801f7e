//! A report for layouts: as it is, but the engine's texts are taken apart, so that no layout reads markup.

use serde_json::{Value, json};

use super::{
    model::Report,
    rich::{self, Block},
};

/// For Typst: it reads `/data.json`, which is [`data`].
pub const LAYOUT: &str = include_str!("report.typ");

pub fn data(report: &Report) -> Result<Value, serde_json::Error> {
    let mut data = serde_json::to_value(report)?;
    for (told, failing) in items(&mut data["grave"]).zip(&report.grave) {
        told["description"] = blocks(&failing.description)?;
        told["risk"] = blocks(&failing.risk)?;
        told["remediation"]["text"] = blocks(&failing.remediation.text)?;
        for (way, code) in items(&mut told["remediation"]["codes"]).zip(&failing.remediation.codes) {
            way["text"] = blocks(&code.text)?;
        }
    }
    Ok(data)
}

fn items(list: &mut Value) -> std::slice::IterMut<'_, Value> {
    list.as_array_mut().map(|items| items.iter_mut()).unwrap_or_default()
}

fn blocks(markdown: &str) -> Result<Value, serde_json::Error> {
    let blocks: Vec<Block> = rich::blocks(markdown);
    if blocks.is_empty() { Ok(json!([])) } else { serde_json::to_value(blocks) }
}
