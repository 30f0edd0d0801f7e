//! CloudTrail as AWS delivered it, and as a project of detection rules quotes it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test a panic is the report, and what was counted is worth reading"
)]

use std::{collections::BTreeMap, path::Path};

use bytes::Bytes;
use chrono::Utc;
use custody_domain::json::to_serde;
use uuid::Uuid;

use super::*;
use crate::{
    RawItem,
    split::{Framing, split},
};

/// What became of events, in numbers.
#[derive(Debug, Default)]
struct Counts {
    entries: Vec<serde_json::Value>,
    rejected: BTreeMap<String, usize>,
}

impl Counts {
    fn add(&mut self, item: &[u8]) {
        let masker = Masker::default();
        let recorded_by =
            RecordedBy::new("key:x".to_owned(), None, "POST /api/v1/logs/bulk".to_owned(), None);
        let setting = Setting {
            tenant: TenantId(Uuid::nil()),
            masker: &masker,
            recorded_by: &recorded_by,
            received_at: Utc::now(),
        };
        match read(item, Format::Auto, &masker).and_then(|event| event.mask(&masker)?.into_content(&setting))
        {
            Ok(content) => self.entries.push(to_serde(&Value::Object(content))),
            Err(why) => {
                let first = &why.errors[0];
                let told = format!("{} {} {}", why.reason, first.pointer, first.detail);
                *self.rejected.entry(told).or_default() += 1;
            }
        }
    }

    /// How many entries have each answer.
    fn by<'e>(
        &'e self,
        answer: impl Fn(&'e serde_json::Value) -> Option<&'e str>,
    ) -> BTreeMap<&'e str, usize> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(answer(entry).unwrap_or("none")).or_default() += 1;
        }
        counts
    }

    /// Masked values by their rule and the place they stood in.
    fn masked(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for masked in self.entries.iter().flat_map(|e| e["masked"].as_array().into_iter().flatten()) {
            let text = |member: &str| masked[member].as_str().unwrap();
            *counts.entry(format!("{} {}", text("rule"), text("pointer"))).or_default() += 1;
        }
        counts
    }
}

fn records(folder: &Path) -> (usize, Vec<RawItem>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let items = paths
        .iter()
        .flat_map(|path| {
            let body = Bytes::from(std::fs::read(path).unwrap());
            split(&body, Framing::Auto, Format::Auto).unwrap()
        })
        .collect();
    (paths.len(), items)
}

#[test]
fn every_delivered_record_becomes_an_entry() {
    let Some(folder) = custody_testkit::data::path("cloudtrail") else { return };
    let (files, items) = records(&folder);
    assert_eq!((files, items.len()), (33, 1285));
    let mut counts = Counts::default();
    for item in &items {
        counts.add(&item.bytes);
    }
    assert_eq!(counts.rejected, BTreeMap::new());
    assert_eq!(counts.entries.len(), 1285);

    let severities = counts.by(|e| e["severity"].as_str());
    let types = counts.by(|e| e["resource"]["type"].as_str());
    let masked = counts.masked();
    eprintln!("severity {severities:#?}\nresource.type {types:#?}\nmasked {masked:#?}");
    insta::assert_debug_snapshot!("delivered", (severities, types, masked));
}

#[test]
fn nothing_that_was_masked_is_left_in_an_entry() {
    let Some(folder) = custody_testkit::data::path("cloudtrail") else { return };
    let (_, items) = records(&folder);
    let mut tokens = 0;
    for item in items {
        let source: serde_json::Value = serde_json::from_slice(&item.bytes).unwrap();
        let Some(token) = source.pointer("/responseElements/credentials/sessionToken") else { continue };
        let mut counts = Counts::default();
        counts.add(&item.bytes);
        let entry = counts.entries[0].to_string();
        let token = token.as_str().unwrap();
        assert!(!entry.contains(token) && !entry.contains(&token[..40]));
        tokens += 1;
    }
    assert_eq!(tokens, 16);
}

/// Quoted examples are cut and edited: some have no offset in their times, some lack who called.
#[test]
fn quoted_records_become_entries_or_say_why_not() {
    let Some(file) = custody_testkit::data::path("events/aws_cloudtrail.ndjson") else { return };
    let mut counts = Counts::default();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        counts.add(line["event"].to_string().as_bytes());
    }
    let masked = counts.masked();
    let types = counts.by(|e| e["resource"]["type"].as_str());
    eprintln!("rejected {:#?}\nmasked {masked:#?}\n{types:#?}", counts.rejected);
    insta::assert_debug_snapshot!("quoted", (counts.entries.len(), &counts.rejected, masked));
}
