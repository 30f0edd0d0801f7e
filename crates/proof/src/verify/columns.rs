//! The columns that a body calls for, beside those that lie in the row.

use std::net::IpAddr;

use custody_domain::{Outcome, Severity, StoredColumns, columns};

use super::scan::Scan;
use crate::stream::{ColumnName, texts};

/// A value that has to be read to be compared: the long way.
pub(super) struct Unusual;

/// What a body calls for, from its members, as long as their values hold no escapes.
pub(super) fn of_scan<'c>(scan: &Scan, content: &'c [u8]) -> Result<StoredColumns<'c>, Unusual> {
    let mut wanted = StoredColumns::default();
    scan.values(content, |pointer, value| {
        match pointer {
            "/action" => wanted.action = text(value)?,
            "/request_id" => wanted.request_id = text(value)?,
            "/session_id" => wanted.session_id = text(value)?,
            "/actor/id" => wanted.actor_id = text(value)?,
            "/actor/type" => wanted.actor_type = text(value)?,
            "/resource/id" => wanted.resource_id = text(value)?,
            "/resource/type" => wanted.resource_type = text(value)?,
            "/producer/id" => wanted.producer_id = text(value)?,
            "/producer/seq" => wanted.producer_seq = Some(plain_count(value)?),
            "/severity" => {
                wanted.severity = str_of(value)?.and_then(|s| s.parse().ok()).map(Severity::rank);
            }
            "/outcome" => wanted.outcome = str_of(value)?.and_then(|s| s.parse().ok()).map(Outcome::code),
            "/ip" => wanted.ip = str_of(value)?.and_then(columns::address).map(whole),
            "/occurred_at" => {
                let at = str_of(value)?.and_then(columns::instant);
                wanted.occurred_at = at.map(|at| at.timestamp_micros());
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(wanted)
}

/// The columns that differ, each with what lies in the row and what the body calls for, for a person.
pub(super) fn differences(
    stored: &StoredColumns<'_>,
    wanted: &StoredColumns<'_>,
) -> Vec<(ColumnName, String, String)> {
    if stored == wanted {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut compare = |name, differ: bool, stored: String, wanted: String| {
        if differ {
            found.push((name, stored, wanted));
        }
    };
    let (s, w) = (stored, wanted);
    let times = (number(s.occurred_at), number(w.occurred_at));
    compare(ColumnName::OccurredAt, s.occurred_at != w.occurred_at, times.0, times.1);
    compare(ColumnName::Severity, s.severity != w.severity, number(s.severity), number(w.severity));
    compare(ColumnName::Outcome, s.outcome != w.outcome, number(s.outcome), number(w.outcome));
    compare(ColumnName::Ip, s.ip != w.ip, network(s.ip), network(w.ip));
    for ((name, s), (_, w)) in texts(s).into_iter().zip(texts(w)) {
        compare(name, s != w, quoted(s), quoted(w));
    }
    let counts = (number(s.producer_seq), number(w.producer_seq));
    compare(ColumnName::ProducerSeq, s.producer_seq != w.producer_seq, counts.0, counts.1);
    found
}

/// Characters of a text that are shown.
const SHOWN_MAX: usize = 120;

fn quoted(text: Option<&[u8]>) -> String {
    let Some(text) = text else { return "nothing".to_owned() };
    let text = String::from_utf8_lossy(text);
    let more = if text.chars().nth(SHOWN_MAX).is_some() { "…" } else { "" };
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    format!("{shown:?}{more}")
}

fn number(number: Option<impl ToString>) -> String {
    number.map_or_else(|| "nothing".to_owned(), |number| number.to_string())
}

fn network(ip: Option<(IpAddr, u8)>) -> String {
    ip.map_or_else(|| "nothing".to_owned(), |(ip, prefix)| format!("{ip}/{prefix}"))
}

/// What the column of a text is: nothing where the member is no string.
fn text(value: &[u8]) -> Result<Option<&[u8]>, Unusual> {
    match value {
        [b'"', inner @ .., b'"'] if inner.contains(&b'\\') => Err(Unusual),
        [b'"', inner @ .., b'"'] => Ok(Some(inner)),
        _ => Ok(None),
    }
}

fn str_of(value: &[u8]) -> Result<Option<&str>, Unusual> {
    Ok(text(value)?.and_then(|text| std::str::from_utf8(text).ok()))
}

/// A count of few digits; others take the long way.
fn plain_count(value: &[u8]) -> Result<i64, Unusual> {
    let plain = (1..=15).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| plain).and_then(|text| text.parse().ok()).ok_or(Unusual)
}

fn whole(ip: IpAddr) -> (IpAddr, u8) {
    (ip, if ip.is_ipv4() { 32 } else { 128 })
}
