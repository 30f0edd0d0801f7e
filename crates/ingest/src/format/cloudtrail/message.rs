//! One sentence that says what the record says, for people and for free-text search.

use super::{Record, identity::Actor, resource::Resource};

/// `alice called iam.CreateUser on bob in eu-central-1: AccessDenied`.
pub(super) fn message(record: &Record<'_, '_>, actor: &Actor, resource: Option<&Resource>) -> String {
    let mut message = format!("{} called {}.{}", actor.said(), record.service, record.name);
    if let Some(resource) = resource {
        message.push_str(" on ");
        message.push_str(resource.said());
    }
    if let Some(region) = record.text("awsRegion") {
        message.push_str(" in ");
        message.push_str(region);
    }
    if let Some(code) = record.error_code() {
        message.push_str(": ");
        message.push_str(code);
    }
    message
}
