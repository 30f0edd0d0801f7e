//! One event into the content that is committed. No input or output: parse, mask, map, validate, add
//! what the server says, normalise, in this order and no other.

use chrono::{DateTime, Utc};
use custody_domain::{
    TenantId, canonical,
    content::{self, Author, Violation},
    json::{self, Limits, Object, ParseError, TooManyPointers, Value},
};
use custody_ledger::UnfitContent;
use custody_store::quarantine::ItemError;

use crate::{
    Reason,
    format::{Format, SourceFormat, Unmappable},
    mask::{Masked, Masker},
    recorded_by::RecordedBy,
};

/// What holds for all events of one request.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'s> {
    pub(crate) tenant: TenantId,
    pub(crate) masker: &'s Masker,
    pub(crate) recorded_by: &'s RecordedBy,
    /// The server's clock as the request came; the log's own is read when the entry gets its place.
    pub(crate) received_at: DateTime<Utc>,
}

/// An event that was read; nothing but [`Event::mask`] comes before any use of what it says.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    /// What it was read from.
    bytes: &'a [u8],
    /// An object.
    source: Value<'a>,
    /// What it said about its tenant, and no longer does.
    tenant: Option<Value<'a>>,
    id: Option<String>,
    format: SourceFormat,
}

/// An event without what must not be kept.
#[derive(Debug)]
pub(crate) struct MaskedEvent<'a> {
    source: Value<'a>,
    masked: Vec<Masked>,
    tenant: Option<Value<'a>>,
    /// The id that the source gave it, by which it is known again.
    pub(crate) id: Option<String>,
    pub(crate) format: SourceFormat,
}

/// Why an item cannot become an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) reason: Reason,
    pub(crate) errors: Vec<ItemError>,
    pub(crate) source_format: &'static str,
}

/// Reads an item.
pub(crate) fn read<'a>(bytes: &'a [u8], format: Format, masker: &Masker) -> Result<Event<'a>, Rejected> {
    let value = json::parse(bytes, &Limits::default()).map_err(|error| unreadable(&error, format, masker))?;
    match value {
        Value::Object(mut object) => {
            let format = format.of(&object);
            let id = format.event_id(&object).map(str::to_owned);
            let tenant = format.take_tenant(&mut object);
            Ok(Event { bytes, source: Value::Object(object), tenant, id, format })
        }
        other => Err(Rejected::new(
            Reason::Schema,
            format.as_str(),
            vec![error("", format!("must be an object, not {}", other.kind()))],
        )),
    }
}

impl<'a> Event<'a> {
    /// Masks it. What was masked is gone from here on, from its fingerprint too: whether a guess at
    /// a masked value is right must not be told by `duplicate` or `conflict`.
    pub(crate) fn mask(self, masker: &Masker) -> Result<MaskedEvent<'a>, Rejected> {
        let Self { bytes, mut source, tenant, format, id } = self;
        let places = masker.mask_read(&mut source, bytes).map_err(|why| Rejected::masked(why, format))?;
        Ok(MaskedEvent { source, masked: places, tenant, id, format })
    }
}

impl<'a> MaskedEvent<'a> {
    /// The event in canonical form and without its tenant: what its fingerprint is taken of.
    pub(crate) fn write_canonical(&self, out: &mut Vec<u8>) {
        out.clear();
        canonical::write(&self.source, out);
    }

    /// The content of the entry that the event becomes.
    pub(crate) fn into_content<'s>(self, setting: &Setting<'s>) -> Result<Object<'s>, Rejected>
    where
        'a: 's,
    {
        let Self { source, masked, tenant, format, .. } = self;
        let Value::Object(source) = source else {
            let detail = "the mask policy leaves nothing of it".to_owned();
            return Err(Rejected::new(Reason::Schema, format.as_str(), vec![error("", detail)]));
        };
        let mut content: Object<'s> =
            format.map(source, tenant.as_ref(), setting.tenant).map_err(|why| unmappable(why, format))?;
        content::validate(&content, setting.received_at, Author::Client)
            .map_err(|violations| invalid(&violations, format, setting.masker))?;
        add_ours(&mut content, setting.recorded_by.to_value(), &masked, format)?;
        Ok(content)
    }
}

/// The members that only the server sets, and the numbers made final: the last step.
pub(crate) fn add_ours<'c>(
    content: &mut Object<'c>,
    recorded_by: Value<'c>,
    masked: &[Masked],
    format: SourceFormat,
) -> Result<(), Rejected> {
    content.insert("recorded_by", recorded_by);
    if !masked.is_empty() {
        content.insert("masked", Value::Array(masked.iter().map(masked_value).collect()));
    }
    content.insert("source_format", Value::from(format.as_str()));
    content::normalise(content).map_err(|why| Rejected::numbers(why, format))
}

fn masked_value(masked: &Masked) -> Value<'static> {
    let mut object = Object::new();
    object.insert("pointer", Value::from(masked.pointer.clone()));
    object.insert("rule", Value::from(masked.rule));
    Value::Object(object)
}

impl Rejected {
    fn new(reason: Reason, source_format: &'static str, errors: Vec<ItemError>) -> Self {
        Self { reason, errors, source_format }
    }

    /// Something of our own that is no event.
    pub(crate) fn schema(format: SourceFormat, detail: String) -> Self {
        Self::new(Reason::Schema, format.as_str(), vec![error("", detail)])
    }

    fn size(format: SourceFormat, detail: String) -> Self {
        Self::new(Reason::Size, format.as_str(), vec![error("", detail)])
    }

    pub(crate) fn masked(why: TooManyPointers, format: SourceFormat) -> Self {
        Self::size(format, format!("must be masked at {why}"))
    }

    fn numbers(why: TooManyPointers, format: SourceFormat) -> Self {
        Self::size(format, format!("has numbers that no double holds at {why}"))
    }

    /// With the server's own members it is more than the ledger can keep.
    pub(crate) fn unfit(why: &UnfitContent, format: SourceFormat) -> Self {
        Self::size(format, format!("with what the server adds: {why}"))
    }

    /// Another event stands under this event's id.
    pub(crate) fn conflict(source_format: SourceFormat) -> Self {
        let pointer = source_format.source_pointer("/event_id").into_owned();
        let detail = "another event was recorded under this id".to_owned();
        Self::new(Reason::Conflict, source_format.as_str(), vec![ItemError { pointer, detail }])
    }
}

fn error(pointer: &str, detail: String) -> ItemError {
    ItemError { pointer: pointer.to_owned(), detail }
}

/// A longer pointer tells a person nothing that the offset does not.
const POINTER_TOLD_BYTES_MAX: usize = 4 << 10;

/// Nothing was masked yet, and a pointer repeats keys as they were sent.
fn unreadable(fault: &ParseError, format: Format, masker: &Masker) -> Rejected {
    let told = fault.pointer.len() <= POINTER_TOLD_BYTES_MAX;
    let pointer = if told { masker.mask_pointer(&fault.pointer) } else { String::new() };
    let detail = format!("{} at byte {}", fault.kind, fault.offset);
    Rejected::new(fault.kind.into(), format.as_str(), vec![ItemError { pointer, detail }])
}

fn unmappable(why: Unmappable, format: SourceFormat) -> Rejected {
    match why {
        Unmappable::Incomplete(errors) => Rejected::new(Reason::Schema, format.as_str(), errors),
        Unmappable::OtherTenant => {
            let detail = "must be the tenant of the credential, or be left out".to_owned();
            Rejected::new(Reason::Tenant, format.as_str(), vec![error("/tenant_id", detail)])
        }
    }
}

pub(crate) fn invalid(violations: &[Violation], format: SourceFormat, masker: &Masker) -> Rejected {
    let reason = violations.first().map_or(Reason::Schema, |v| v.kind.into());
    let errors = violations
        .iter()
        .map(|v| ItemError {
            pointer: masker.mask_pointer(&format.source_pointer(&v.pointer)),
            detail: v.detail.clone(),
        })
        .collect();
    Rejected::new(reason, format.as_str(), errors)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod real_data;
