//! The fields of the language: their names, their kinds, where they stand in an entry.

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in a query.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            pub(crate) fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|field| field.name() == name)
            }
        }
    };
}

pub(crate) use named;

named! {
    /// Fields that hold one exact text.
    Keyword {
        Action = "action",
        /// `actor.id` or `actor.name`.
        Actor = "actor",
        ActorId = "actor.id",
        ActorType = "actor.type",
        ActorName = "actor.name",
        /// `resource.id` or `resource.name`.
        Resource = "resource",
        ResourceId = "resource.id",
        ResourceType = "resource.type",
        ResourceName = "resource.name",
        SessionId = "session_id",
        RequestId = "request_id",
        UserAgent = "user_agent",
        EventId = "event_id",
        ProducerId = "producer.id",
        Principal = "recorded_by.principal",
        CredentialId = "recorded_by.credential_id",
        Via = "recorded_by.via",
        SourceFormat = "source_format",
        MaskedPointer = "masked.pointer",
        MaskedRule = "masked.rule",
        NumberAsText = "number_as_text",
    }
}

named! {
    /// Fields that hold a whole number.
    NumberField {
        Seq = "seq",
        ProducerSeq = "producer.seq",
    }
}

named! {
    /// Fields that hold an address.
    AddressField {
        Ip = "ip",
        PeerIp = "recorded_by.peer_ip",
    }
}

named! {
    /// Fields that hold a time.
    TimeField {
        /// `occurred_at`; where that is absent, `received_at`.
        Time = "time",
        OccurredAt = "occurred_at",
        ReceivedAt = "received_at",
    }
}

named! {
    /// The members whose content is the client's own.
    Root {
        Metadata = "metadata",
        Before = "before",
        After = "after",
    }
}

/// What `exists:` can be asked of beside the fields: members that hold others.
const CONTAINERS: [&str; 8] =
    ["actor", "resource", "producer", "recorded_by", "masked", "metadata", "before", "after"];

const SINGLE: [&str; 4] = ["id", "severity", "outcome", "message"];

/// A field, of whatever kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    Keyword(Keyword),
    Message,
    Id,
    Number(NumberField),
    Severity,
    Outcome,
    Address(AddressField),
    Time(TimeField),
    /// A dotted path within a client's member.
    Value(Root, String),
}

impl Field {
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "id" => return Some(Self::Id),
            "severity" => return Some(Self::Severity),
            "outcome" => return Some(Self::Outcome),
            "message" => return Some(Self::Message),
            _ => {}
        }
        (Keyword::of(name).map(Self::Keyword))
            .or_else(|| NumberField::of(name).map(Self::Number))
            .or_else(|| AddressField::of(name).map(Self::Address))
            .or_else(|| TimeField::of(name).map(Self::Time))
            .or_else(|| {
                let (root, path) = name.split_once('.')?;
                Some(Self::Value(Root::of(root)?, path.to_owned()))
            })
    }

    /// What `field:*` asks for.
    pub(super) fn path(&self) -> Path {
        match self {
            Self::Keyword(field) => Path::Fixed(field.name()),
            Self::Message => Path::Fixed("message"),
            Self::Id => Path::Fixed("id"),
            Self::Number(field) => Path::Fixed(field.name()),
            Self::Severity => Path::Fixed("severity"),
            Self::Outcome => Path::Fixed("outcome"),
            Self::Address(field) => Path::Fixed(field.name()),
            Self::Time(field) => Path::Fixed(field.name()),
            Self::Value(root, path) => Path::Within(*root, path.clone()),
        }
    }
}

/// Every name with a fixed meaning, fields first.
pub fn names() -> impl Iterator<Item = &'static str> {
    (SINGLE.into_iter())
        .chain(Keyword::ALL.iter().map(|f| f.name()))
        .chain(NumberField::ALL.iter().map(|f| f.name()))
        .chain(AddressField::ALL.iter().map(|f| f.name()))
        .chain(TimeField::ALL.iter().map(|f| f.name()))
}

/// Every name that `exists:` can be asked of, but for paths within a client's member.
pub(super) fn can_exist() -> impl Iterator<Item = &'static str> {
    names().chain(CONTAINERS)
}

/// What `exists:` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// A field or a member that holds others, by its name.
    Fixed(&'static str),
    /// A dotted path within a client's member.
    Within(Root, String),
}

impl Path {
    pub fn of(name: &str) -> Option<Self> {
        let fixed = can_exist().find(|fixed| *fixed == name);
        fixed.map(Self::Fixed).or_else(|| {
            let (root, path) = name.split_once('.')?;
            Some(Self::Within(Root::of(root)?, path.to_owned()))
        })
    }
}

/// The one of `names` that was most likely meant.
pub(crate) fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    names
        .map(|known| (strsim::damerau_levenshtein(known, &name.to_lowercase()), known))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len())
        .map(|(_, known)| known)
}

/// What to write instead of a name that is none.
pub(super) fn hint_for(name: &str) -> String {
    if let Some(known) = nearest(name, can_exist()) {
        return format!("did you mean `{known}`?");
    }
    format!(
        "a key of the metadata is asked for as `metadata.{name}`; to look for this text itself, put it in double quotes"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_field_and_can_be_asked_to_exist() {
        for name in names() {
            let field = Field::of(name);
            assert_eq!(field.map(|f| f.path()), Path::of(name), "{name}");
        }
    }

    #[test]
    fn a_wrong_name_gets_the_nearest_or_the_way_to_the_metadata() {
        assert_eq!(hint_for("acton"), "did you mean `action`?");
        assert_eq!(hint_for("Actor"), "did you mean `actor`?");
        assert!(hint_for("region").contains("`metadata.region`"));
    }
}
