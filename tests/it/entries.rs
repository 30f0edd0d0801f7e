//! Entries: written, listed, filtered, fetched; and what becomes of those that cannot be.

mod reading;
mod values;
mod writing;

use serde_json::Value;

use crate::support::{Tenant, shared};

async fn tenant() -> Tenant {
    shared().await.tenant().await
}

/// The actions of a page, without Custody's own (the tenant's and its tokens' making).
fn actions(page: &Value) -> Vec<&str> {
    let actions = page["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap());
    actions.filter(|action| !action.starts_with("custody.")).collect()
}
