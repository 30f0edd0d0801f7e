//! The definition of the language: whether an entry is what a query asks for.

use std::{borrow::Cow, cell::OnceCell, net::IpAddr};

use super::{
    AddressField, Clause, EXACT_BYTES_MAX, Instant, Keyword, Number, NumberField, Path, Pattern, Query,
    TimeField, ValueTest, analyse, values,
};
use crate::{
    Outcome, Severity,
    entry::Entry,
    json::{Object, Value},
};

impl Query {
    /// Whether it matches. The meaning that every executor has to reproduce; docs/query.md says it
    /// in words.
    pub fn matches(&self, entry: &Entry<'_>) -> bool {
        let subject = Subject::new(entry);
        self.holds(&|clause| clause.holds(&subject))
    }
}

/// An entry, with what several clauses may want of it made once.
struct Subject<'e> {
    entry: &'e Entry<'e>,
    content: Cow<'e, Object<'e>>,
    texts: OnceCell<Vec<Cow<'e, str>>>,
}

impl<'e> Subject<'e> {
    fn new(entry: &'e Entry<'e>) -> Self {
        let content = entry.content.as_object().map_or_else(|| Cow::Owned(Object::default()), Cow::Borrowed);
        Self { entry, content, texts: OnceCell::new() }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.content.get(key)?.as_str()
    }

    /// The free text, folded.
    fn texts(&self) -> &[Cow<'e, str>] {
        self.texts.get_or_init(|| {
            let mut folded = Vec::new();
            if let Some(content) = self.entry.content.as_object() {
                values::free_texts(content, &mut |text| folded.push(analyse::fold(text)));
            }
            folded
        })
    }

    fn instant(&self, field: TimeField) -> Option<Instant> {
        match field {
            TimeField::OccurredAt => self.entry.occurred_at(),
            TimeField::ReceivedAt => Some(self.entry.received_at().into()),
            TimeField::Time => Some(self.entry.time()),
        }
    }

    fn address(&self, field: AddressField) -> Option<IpAddr> {
        let text = match field {
            AddressField::Ip => self.text("ip"),
            AddressField::PeerIp => self.content.get("recorded_by")?.as_object()?.get("peer_ip")?.as_str(),
        };
        text?.parse().ok()
    }

    fn number(&self, field: NumberField) -> Option<u64> {
        match field {
            NumberField::Seq => Some(self.entry.seq),
            NumberField::ProducerSeq => {
                match self.content.get("producer")?.as_object()?.get("seq")? {
                    // Beyond 2^53 a number is kept as its source text.
                    Value::Number(text) | Value::String(text) => text.parse().ok(),
                    _ => None,
                }
            }
        }
    }

    fn exists(&self, path: &Path) -> bool {
        match path {
            Path::Fixed("id" | "seq" | "received_at" | "time") => true,
            Path::Fixed(name) => values::any_at(&self.content, name, &mut |_| true),
            Path::Within(root, path) => self
                .content
                .get(root.name())
                .is_some_and(|member| values::any_within(member, path, &mut |_| true)),
        }
    }

    fn is(&self, field: Keyword, pattern: &Pattern) -> bool {
        let mut test = |value: &Value<'_>| match value {
            Value::String(text) => pattern.matches(text),
            _ => false,
        };
        let names: &[&str] = match field {
            Keyword::Actor => &["actor.id", "actor.name"],
            Keyword::Resource => &["resource.id", "resource.name"],
            other => &[other.name()],
        };
        names.iter().any(|name| values::any_scalar_at(&self.content, name, &mut test))
    }
}

impl Clause {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Text(words) => subject.texts().iter().any(|text| words.found_in(text)),
            Self::Message(words) => {
                subject.text("message").is_some_and(|text| words.found_in(&analyse::fold(text)))
            }
            Self::Exists(path) => subject.exists(path),
            Self::Is { field, pattern } => subject.is(*field, pattern),
            Self::Value { root, path, test } => subject
                .content
                .get(root.name())
                .is_some_and(|member| values::any_scalar_within(member, path, &mut |v| test.holds(v))),
            Self::Id(id) => subject.entry.id == *id,
            Self::Number { field, comparison, number } => {
                subject.number(*field).is_some_and(|actual| comparison.holds(&actual, number))
            }
            Self::Severity { comparison, severity } => {
                let actual: Severity =
                    subject.text("severity").and_then(|text| text.parse().ok()).unwrap_or_default();
                comparison.holds(&actual, severity)
            }
            Self::Outcome(outcome) => {
                let actual: Outcome =
                    subject.text("outcome").and_then(|text| text.parse().ok()).unwrap_or_default();
                actual == *outcome
            }
            Self::Address { field, network } => {
                subject.address(*field).is_some_and(|address| network.contains(address))
            }
            Self::Time { field, comparison, instant } => {
                subject.instant(*field).is_some_and(|actual| comparison.holds(&actual, instant))
            }
        }
    }
}

impl ValueTest {
    /// Whether a scalar passes.
    fn holds(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Is(pattern), Value::String(text)) => pattern.matches(text),
            (Self::Is(Pattern::Literal(literal)), Value::Number(text)) => {
                let wanted = Number::parse(literal);
                wanted.is_some() && wanted == Number::parse(text)
            }
            (Self::Is(Pattern::Literal(literal)), Value::Bool(true)) => literal == "true",
            (Self::Is(Pattern::Literal(literal)), Value::Bool(false)) => literal == "false",
            (Self::Is(Pattern::Literal(literal)), Value::Null) => literal == "null",
            (Self::Ordered(order, number), Value::Number(text) | Value::String(text)) => {
                text.len() <= EXACT_BYTES_MAX
                    && Number::parse(text)
                        .is_some_and(|actual| super::Comparison::from(*order).holds(&actual, number))
            }
            _ => false,
        }
    }
}
