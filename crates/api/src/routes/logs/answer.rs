//! Entries as they are answered: the canonical bytes that were committed, spliced in, not rendered
//! again, so that what is read is what can be proven.

use axum::response::{IntoResponse as _, Response};
use custody_ledger::StoredEntry;
use custody_search::{Page, related::Timeline};
use http::{HeaderValue, Uri, header};

use super::shapes::{StoppedEarly, Total};
use crate::{page::link, problem::Problem};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(crate) fn entry(entry: &StoredEntry) -> Response {
    let mut body = Vec::new();
    entry.write_json(&mut body);
    ([(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// `counted`: whether the total was asked for.
pub(crate) fn page(uri: &Uri, page: &Page, counted: bool) -> Result<Response, Problem> {
    let mut body = b"{\"items\":[".to_vec();
    items(&page.items, &mut body);
    body.extend_from_slice(b"],\"next_cursor\":");
    json(&page.next_cursor, &mut body)?;
    body.extend_from_slice(b",\"previous_cursor\":");
    json(&page.previous_cursor, &mut body)?;
    body.extend_from_slice(b",\"index_watermark\":");
    json(&page.index_watermark, &mut body)?;
    body.extend_from_slice(b",\"stopped\":");
    let stopped = page.stopped.as_ref();
    json(&stopped.map(|s| StoppedEarly { reason: s.reason.as_str(), scanned: s.scanned }), &mut body)?;
    if counted {
        body.extend_from_slice(b",\"total\":");
        json(&page.total.map(total), &mut body)?;
    }
    body.push(b'}');
    let mut response = ([(header::CONTENT_TYPE, JSON)], body).into_response();
    let links = [("next", &page.next_cursor), ("prev", &page.previous_cursor)];
    for (relation, cursor) in links {
        if let Some(link) = link(uri, relation, cursor.as_deref()) {
            response.headers_mut().append(header::LINK, link);
        }
    }
    Ok(response)
}

pub(crate) fn timeline(timeline: &Timeline) -> Result<Response, Problem> {
    let mut body = b"{\"items\":[".to_vec();
    for (at, (entry, relations)) in timeline.items.iter().enumerate() {
        body.extend_from_slice(if at > 0 { b",{\"related_by\":" } else { b"{\"related_by\":" });
        json(&relations.iter().map(|relation| relation.as_str()).collect::<Vec<_>>(), &mut body)?;
        body.extend_from_slice(b",\"entry\":");
        entry.write_json(&mut body);
        body.push(b'}');
    }
    body.extend_from_slice(b"],\"more_before\":");
    json(&timeline.more_before, &mut body)?;
    body.extend_from_slice(b",\"more_after\":");
    json(&timeline.more_after, &mut body)?;
    body.push(b'}');
    Ok(([(header::CONTENT_TYPE, JSON)], body).into_response())
}

fn total(total: custody_search::Total) -> Total {
    match total {
        custody_search::Total::Exactly(count) => Total::Exactly(count),
        custody_search::Total::AtLeast(at_least) => Total::AtLeast { at_least },
    }
}

fn items(entries: &[StoredEntry], body: &mut Vec<u8>) {
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        entry.write_json(body);
    }
}

fn json(value: &impl serde::Serialize, body: &mut Vec<u8>) -> Result<(), Problem> {
    serde_json::to_writer(body, value).map_err(Problem::internal)
}
