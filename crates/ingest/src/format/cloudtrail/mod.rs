//! AWS CloudTrail: records as the record reference documents them
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
//!
//! The mapping is the table in docs/sources.md.

mod arn;
mod glob;
mod identity;
mod message;
mod resource;
pub mod resource_table;
mod severity;
pub mod severity_table;

use custody_domain::{
    Outcome,
    json::{Object, Value},
};
use custody_store::quarantine::ItemError;

use super::Unmappable;

/// A masked record, read.
struct Record<'r, 'a> {
    event: &'r Object<'a>,
    /// `iam` of `iam.amazonaws.com`.
    service: &'r str,
    name: &'r str,
}

impl<'r> Record<'r, '_> {
    fn text(&self, member: &str) -> Option<&'r str> {
        text(self.event, member)
    }

    fn identity(&self) -> Option<&'r Object<'_>> {
        self.event.get("userIdentity").and_then(Value::as_object)
    }

    /// The account whose log the record stands in.
    fn account(&self) -> Option<&'r str> {
        self.text("recipientAccountId")
            .or_else(|| text(self.event.get("userIdentity").and_then(Value::as_object)?, "accountId"))
    }

    fn error_code(&self) -> Option<&'r str> {
        self.text("errorCode")
    }

    /// Whether what was tried did not succeed.
    fn failed(&self) -> bool {
        self.error_code().is_some() || self.is_refused_sign_in()
    }

    /// What the sign-in service refuses has no `errorCode`: the call was answered, and the answer was
    /// no. It stands under the event's own name (docs/adr/0010).
    fn is_refused_sign_in(&self) -> bool {
        let answer = self.event.get("responseElements").and_then(Value::as_object);
        self.service == "signin" && answer.and_then(|a| text(a, self.name)) == Some("Failure")
    }
}

/// A member that is a text with something in it.
fn text<'o>(object: &'o Object<'_>, member: &str) -> Option<&'o str> {
    object.get(member).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The content of a record; the record itself, whole, becomes `metadata.raw`.
pub(super) fn map(event: Object<'_>) -> Result<Object<'_>, Unmappable> {
    let record = read(&event)?;
    let actor = identity::actor(&record)?;
    let mut content = Object::new();
    content.insert("action", Value::from(format!("{}.{}", record.service, record.name)));
    content.insert("severity", Value::from(severity::severity(&record).as_str()));
    let outcome = if record.failed() { Outcome::Failure } else { Outcome::Success };
    content.insert("outcome", Value::from(outcome.as_str()));
    let resource::Resources { first, others } = resource::resources(&record);
    content.insert("message", Value::from(message::message(&record, &actor, first.as_ref())));
    content.insert("actor", actor.into_value());
    copy(&event, "eventTime", &mut content, "occurred_at");
    copy(&event, "eventID", &mut content, "event_id");
    copy(&event, "requestID", &mut content, "request_id");
    copy(&event, "userAgent", &mut content, "user_agent");
    if let Some(session) = identity::session(&record) {
        content.insert("session_id", Value::from(session.to_owned()));
    }
    let mut metadata = metadata(&record);
    if let Some(first) = first {
        content.insert("resource", first.into_value());
    }
    let others: Vec<_> = others.into_iter().map(resource::Resource::into_value).collect();
    if !others.is_empty() {
        metadata.insert("resources", Value::Array(others));
    }
    match record.text("sourceIPAddress") {
        Some(address) if address.parse::<std::net::IpAddr>().is_ok() => {
            content.insert("ip", Value::from(address.to_owned()));
        }
        Some(service) => metadata.insert("source_address", Value::from(service.to_owned())),
        None => {}
    }
    metadata.insert("raw", Value::Object(event));
    content.insert("metadata", Value::Object(metadata));
    Ok(content)
}

fn read<'r, 'a>(event: &'r Object<'a>) -> Result<Record<'r, 'a>, Unmappable> {
    let (source, name) = (text(event, "eventSource"), text(event, "eventName"));
    if let (Some(source), Some(name)) = (source, name) {
        let service = source.strip_suffix(".amazonaws.com").unwrap_or(source);
        return Ok(Record { event, service, name });
    }
    let missing = [("/eventSource", source), ("/eventName", name)];
    Err(Unmappable::Incomplete(
        missing
            .into_iter()
            .filter(|(_, value)| value.is_none())
            .map(|(pointer, _)| ItemError {
                pointer: pointer.to_owned(),
                detail: "is required in a CloudTrail record, as a string".to_owned(),
            })
            .collect(),
    ))
}

/// Whatever stands there is copied, also what validation will refuse: nothing is dropped silently.
fn copy<'a>(event: &Object<'a>, from: &str, content: &mut Object<'a>, to: &'static str) {
    match event.get(from) {
        None | Some(Value::Null) => {}
        Some(value) => content.insert(to, value.clone()),
    }
}

fn metadata<'a>(record: &Record<'_, 'a>) -> Object<'a> {
    let mut metadata = Object::new();
    copy(record.event, "awsRegion", &mut metadata, "region");
    if let Some(account) = record.account() {
        metadata.insert("account", Value::from(account.to_owned()));
    }
    copy(record.event, "eventType", &mut metadata, "event_type");
    copy(record.event, "readOnly", &mut metadata, "read_only");
    copy(record.event, "errorCode", &mut metadata, "error_code");
    copy(record.event, "errorMessage", &mut metadata, "error_message");
    if let Some(key) = record.identity().and_then(|identity| text(identity, "accessKeyId")) {
        metadata.insert("access_key_id", Value::from(key.to_owned()));
    }
    metadata
}

/// Content members and the record's members that they come from, for errors.
const SOURCES: &[(&str, &str)] = &[
    ("/action", "/eventName"),
    ("/actor", "/userIdentity"),
    ("/occurred_at", "/eventTime"),
    ("/event_id", "/eventID"),
    ("/request_id", "/requestID"),
    ("/user_agent", "/userAgent"),
    ("/session_id", "/userIdentity/accessKeyId"),
    ("/ip", "/sourceIPAddress"),
];

/// The pointer into the record for a pointer into the content made of it.
pub(super) fn source_pointer(pointer: &str) -> &str {
    if let Some(raw) = pointer.strip_prefix("/metadata/raw") {
        return raw;
    }
    let member = SOURCES.iter().find(|(content, _)| {
        pointer.strip_prefix(content).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    member.map_or("", |(_, source)| source)
}

#[cfg(test)]
mod tests;
