//! What was acted upon.

use custody_domain::json::{Object, Value};

use super::{
    Record,
    arn::Arn,
    resource_table::{self, Id, Row},
    text,
};

/// An entry's resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    id: String,
    /// None where the record's own ARN says none, because it is not one.
    kind: Option<String>,
    name: Option<String>,
}

/// What a record names.
#[derive(Debug)]
pub(super) struct Resources {
    /// What was acted upon.
    pub(super) first: Option<Resource>,
    pub(super) others: Vec<Resource>,
}

/// A record that names thousands of objects is kept whole in `metadata.raw`; this many are named
/// beside it.
const OTHERS_MAX: usize = 63;

impl Resource {
    fn of_arn(id: &str, arn: Arn<'_>) -> Self {
        Self { id: id.to_owned(), kind: Some(arn.kind()), name: Some(arn.name().to_owned()) }
    }

    /// One of the record's own list: whatever stands there as its ARN names it, also a text that is
    /// none.
    fn listed(item: &Value<'_>) -> Option<Self> {
        let item = item.as_object()?;
        let id = text(item, "ARN").or_else(|| text(item, "arn"))?;
        let bare = || Self { id: id.to_owned(), kind: None, name: None };
        Some(Arn::parse(id).map_or_else(bare, |arn| Self::of_arn(id, arn)))
    }

    /// As a sentence names it.
    pub(super) fn said(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    pub(super) fn into_value<'a>(self) -> Value<'a> {
        let mut resource = Object::new();
        if let Some(kind) = self.kind {
            resource.insert("type", Value::from(kind));
        }
        resource.insert("id", Value::from(self.id));
        if let Some(name) = self.name {
            resource.insert("name", Value::from(name));
        }
        Value::Object(resource)
    }
}

/// All that the record names, each once. What was acted upon is `resources[0]`, if that has an ARN,
/// else what the table finds first in the parameters, and never one of the later `resources`: sources
/// put there what the first lies in (the bucket of objects that are named by a prefix).
pub(super) fn resources(record: &Record<'_, '_>) -> Resources {
    let listed = record.event.get("resources").and_then(Value::as_array).unwrap_or_default();
    let mut requested = parameters(record).into_iter().flat_map(|parameters| {
        resource_table::rows(record.service, record.name)
            .filter_map(move |row| requested(record, parameters, row))
    });
    let first = listed.first().and_then(Resource::listed).or_else(|| requested.next());
    let mut others: Vec<Resource> = Vec::new();
    for resource in listed.iter().skip(1).filter_map(Resource::listed).chain(requested) {
        let known = first.iter().chain(&others).any(|known| known.id == resource.id);
        if !known && others.len() < OTHERS_MAX {
            others.push(resource);
        }
    }
    Resources { first, others }
}

fn parameters<'r, 'a>(record: &Record<'r, 'a>) -> Option<&'r Value<'a>> {
    record.event.get("requestParameters").filter(|parameters| parameters.as_object().is_some())
}

fn requested(record: &Record<'_, '_>, parameters: &Value<'_>, row: &Row) -> Option<Resource> {
    let value = parameters.pointer(row.parameter)?.as_str().filter(|value| !value.is_empty())?;
    if let Some(arn) = Arn::parse(value) {
        return Some(Resource::of_arn(value, arn));
    }
    let id = expand(record, parameters, row, value);
    match id.as_deref().and_then(Arn::parse) {
        Some(arn) => Some(Resource { kind: Some(arn.kind()), name: Some(value.to_owned()), id: id? }),
        None => Some(Resource { id: value.to_owned(), kind: Some(row.kind.to_owned()), name: None }),
    }
}

/// The ARN that the row's template gives; none where the record says too little.
fn expand(record: &Record<'_, '_>, parameters: &Value<'_>, row: &Row, value: &str) -> Option<String> {
    if row.id == Id::AsSent {
        return None;
    }
    let template = row.id.template(row.service);
    let mut arn = String::with_capacity(template.len() + value.len());
    let mut rest = template.as_str();
    while let Some((before, behind)) = rest.split_once('{') {
        let (placeholder, after) = behind.split_once('}')?;
        arn.push_str(before);
        match placeholder {
            "value" => arn.push_str(value),
            "partition" => arn.push_str(partition(record)),
            "region" => arn.push_str(record.text("awsRegion")?),
            "account" => arn.push_str(record.account()?),
            "path" => arn.push_str(parameters.pointer("/path").and_then(Value::as_str).unwrap_or("/")),
            "slash" if value.starts_with('/') => arn.push_str(value),
            "slash" => arn.extend(["/", value]),
            "key" if value.contains('/') => arn.push_str(value),
            "key" => arn.extend(["key/", value]),
            pointer => arn.push_str(parameters.pointer(pointer)?.as_str()?),
        }
        rest = after;
    }
    arn.push_str(rest);
    Some(arn)
}

/// `aws`, `aws-cn`, `aws-us-gov`: as the caller's own ARN says, else by the region.
fn partition<'r>(record: &Record<'r, '_>) -> &'r str {
    let identity = record.event.get("userIdentity").and_then(Value::as_object);
    let caller = identity.and_then(|identity| text(identity, "arn"));
    if let Some(partition) = caller.and_then(|arn| arn.strip_prefix("arn:")?.split(':').next()) {
        return partition;
    }
    match record.text("awsRegion") {
        Some(region) if region.starts_with("cn-") => "aws-cn",
        Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
pub(super) fn kind_of(arn: &str) -> Option<String> {
    Arn::parse(arn).map(|arn| arn.kind())
}
