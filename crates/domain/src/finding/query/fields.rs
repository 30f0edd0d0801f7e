//! The fields of findings: their names, and of what kind they are.

use crate::query::fields::named;

named! {
    /// Fields that hold an exact text.
    TextField {
        Uid = "uid",
        Provider = "provider",
        Check = "check",
        Service = "service",
        Region = "region",
        Account = "account",
        /// `resource.uid` or `resource.name`.
        Resource = "resource",
        ResourceUid = "resource.uid",
        ResourceName = "resource.name",
        ResourceType = "resource.type",
        Owner = "owner",
        /// Any of them.
        Category = "category",
        /// Any of them.
        Framework = "framework",
    }
}

named! {
    /// Fields that are searched by words.
    WordsField {
        Title = "title",
        StatusDetail = "status_detail",
        Description = "description",
        Risk = "risk",
        Remediation = "remediation",
        Note = "note",
    }
}

named! {
    /// Fields that hold one of a few words.
    WordField {
        Status = "status",
        /// The one that has an order.
        Severity = "severity",
        Evidence = "evidence",
        Delta = "delta",
        Triage = "triage",
    }
}

named! {
    /// Fields that are true or false.
    Flag {
        Muted = "muted",
        /// No later scan has looked at the same.
        Current = "current",
    }
}

named! {
    /// Fields that hold a UUID.
    IdField {
        Id = "id",
        Scan = "scan",
    }
}

named! {
    /// Fields that hold a time.
    TimeField {
        FirstSeen = "first_seen",
        LastSeen = "last_seen",
    }
}

/// A field, of whatever kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Text(TextField),
    Words(WordsField),
    Word(WordField),
    Flag(Flag),
    Id(IdField),
    Time(TimeField),
}

impl Field {
    pub(super) fn of(name: &str) -> Option<Self> {
        (TextField::of(name).map(Self::Text))
            .or_else(|| WordsField::of(name).map(Self::Words))
            .or_else(|| WordField::of(name).map(Self::Word))
            .or_else(|| Flag::of(name).map(Self::Flag))
            .or_else(|| IdField::of(name).map(Self::Id))
            .or_else(|| TimeField::of(name).map(Self::Time))
    }
}

/// Every field's name.
pub fn names() -> impl Iterator<Item = &'static str> {
    (TextField::ALL.iter().map(|f| f.name()))
        .chain(WordsField::ALL.iter().map(|f| f.name()))
        .chain(WordField::ALL.iter().map(|f| f.name()))
        .chain(Flag::ALL.iter().map(|f| f.name()))
        .chain(IdField::ALL.iter().map(|f| f.name()))
        .chain(TimeField::ALL.iter().map(|f| f.name()))
}
