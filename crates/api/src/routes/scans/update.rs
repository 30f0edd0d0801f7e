//! `PATCH /api/v1/scans/{id}`

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_domain::ScanId;
use custody_store::scans::{self, Changes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::shapes::ScanBody;
use crate::{
    App, Permit,
    extract::{Id, Json},
    problem::{Fault, Kind, Problem},
};

const NAME_CHARS_MAX: usize = 200;
const TAGS_MAX: usize = 50;
const TAG_CHARS_MAX: usize = 200;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "before the release", "tags": {"release": "2.1"}}))]
pub(crate) struct ScanChange {
    /// Stays, where it is not given.
    name: Option<String>,
    /// In the place of those that are there.
    tags: Option<BTreeMap<String, String>>,
}

/// Change a scan's name or tags
#[utoipa::path(
    patch, path = "/api/v1/scans/{id}", operation_id = "updateScan", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan.")),
    request_body = ScanChange,
    responses((status = 200, description = "As it is now.", body = ScanBody))
)]
pub(crate) async fn update_scan(
    permit: Permit<op::UpdateScan>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
    Json(change): Json<ScanChange>,
) -> Result<Answer<ScanBody>, Problem> {
    if change.name.is_none() && change.tags.is_none() {
        let fault = Fault::at("/name", "give this, or `tags`");
        return Err(Problem::new(Kind::Invalid, "There is nothing to change.").fault(fault));
    }
    let tags = change.tags.map(|tags| tags_as_text(&tags)).transpose()?;
    let name = change.name.map(|name| checked_name(name).map(Some)).transpose()?.flatten();
    let mut tx = app.store.tenant_tx(&permit).await?;
    let scan = scans::update(&mut tx, &permit, id, &Changes { name, tags }).await?;
    tx.commit().await?;
    Ok(Answer(scan.try_into()?))
}

pub(crate) fn checked_name(name: String) -> Result<String, Problem> {
    let chars = name.chars().count();
    if name.trim().is_empty() || chars > NAME_CHARS_MAX || name.contains(char::is_control) {
        let detail = format!("must have 1 to {NAME_CHARS_MAX} characters, none of which control anything");
        return Err(
            Problem::new(Kind::Invalid, "The name cannot be taken.").fault(Fault::at("/name", detail))
        );
    }
    Ok(name)
}

pub(super) fn tags_as_text(tags: &BTreeMap<String, String>) -> Result<String, Problem> {
    let fits = |text: &str| text.chars().count() <= TAG_CHARS_MAX && !text.contains(char::is_control);
    let good = |(name, value): (&String, &String)| !name.is_empty() && fits(name) && fits(value);
    if tags.len() > TAGS_MAX || !tags.iter().all(good) {
        let detail = format!("at most {TAGS_MAX}, of at most {TAG_CHARS_MAX} characters each");
        return Err(
            Problem::new(Kind::Invalid, "The tags cannot be taken.").fault(Fault::at("/tags", detail))
        );
    }
    serde_json::to_string(tags).map_err(Problem::internal)
}
