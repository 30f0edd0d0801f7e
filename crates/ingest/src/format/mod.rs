//! Source formats: how an event of each becomes an entry's content. The tables stand in
//! docs/sources.md; entries cannot be mapped again later, so a mapping only ever changes for what
//! it has not yet been given.

pub mod cloudtrail;
mod custody;
mod detect;

use std::{borrow::Cow, fmt, str::FromStr};

use custody_domain::{
    TenantId,
    json::{Object, Value},
};
use custody_store::quarantine::ItemError;

/// What a sender says about the form of what they send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Each event is looked at.
    #[default]
    Auto,
    /// Our own.
    Custody,
    /// AWS CloudTrail's records.
    CloudTrail,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Custody, Self::CloudTrail];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Custody => "custody",
            Self::CloudTrail => "cloudtrail",
        }
    }

    /// The form of one event: what was said, or what it looks like.
    pub(crate) fn of(self, event: &Object<'_>) -> SourceFormat {
        match self {
            Self::Auto => detect::detect(event),
            Self::Custody => SourceFormat::Custody,
            Self::CloudTrail => SourceFormat::CloudTrail,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of auto, custody, cloudtrail")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|f| f.as_str() == text).ok_or(UnknownFormat)
    }
}

/// The form that one event has: what an entry's `source_format` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SourceFormat {
    Custody,
    CloudTrail,
}

impl SourceFormat {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Custody => "custody",
            Self::CloudTrail => "cloudtrail",
        }
    }

    /// The member that names the event, so that it is known again.
    pub(crate) fn event_id<'e>(self, event: &'e Object<'_>) -> Option<&'e str> {
        let member = match self {
            Self::Custody => "event_id",
            Self::CloudTrail => "eventID",
        };
        event.get(member).and_then(Value::as_str).filter(|id| !id.is_empty())
    }

    /// Takes out what the event says about its tenant, where the form has such a member: it is about
    /// the request and no part of the event, which is the same with and without it.
    pub(crate) fn take_tenant<'a>(self, event: &mut Object<'a>) -> Option<Value<'a>> {
        match self {
            Self::Custody => event.remove(custody::TENANT),
            Self::CloudTrail => None,
        }
    }

    /// The content that the event, already masked, becomes. It still has to be validated. `said` is
    /// what [`Self::take_tenant`] took out.
    pub(crate) fn map<'a>(
        self,
        event: Object<'a>,
        said: Option<&Value<'_>>,
        tenant: TenantId,
    ) -> Result<Object<'a>, Unmappable> {
        if said.is_some_and(|said| !custody::is_of(said, tenant)) {
            return Err(Unmappable::OtherTenant);
        }
        match self {
            Self::Custody => Ok(event),
            Self::CloudTrail => cloudtrail::map(event),
        }
    }

    /// Where in the source event the member stands that a pointer into the content names.
    pub(crate) fn source_pointer(self, pointer: &str) -> Cow<'_, str> {
        match self {
            Self::Custody => Cow::Borrowed(pointer),
            Self::CloudTrail => Cow::Borrowed(cloudtrail::source_pointer(pointer)),
        }
    }
}

/// Why an event has no content that could be validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unmappable {
    /// Members that the format requires are missing.
    Incomplete(Vec<ItemError>),
    /// It says that it is another tenant's.
    OtherTenant,
}
