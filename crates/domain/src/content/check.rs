//! The schema of an entry.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ACTION_BYTES_MAX, Author, MASKED, NAME_BYTES_MAX, OCCURRED_AHEAD_HOURS_MAX, PRODUCER_SEQ_MAX,
    TEXT_BYTES_MAX, Violation, ViolationKind as Kind,
    known::{GIVEN_OUT, SENT, SERVERS, nearest},
    size::excess,
};
use crate::{
    Outcome, Severity, columns,
    json::{Object, Value, push_token},
    time::parse_rfc3339,
};

/// Enough for a person to mend the rest by; an item of a million wrong members is not worth a million
/// lines.
const VIOLATIONS_MAX: usize = 32;
/// Longer unknown names are counted, not repeated.
const REPEATED_NAME_BYTES_MAX: usize = 256;

/// Checks a content against the schema of an entry. `received_at` is the log's clock, by which
/// `occurred_at` may not be too far in the future.
///
/// Answers every violation, in the order of the content and missing members last, up to 32.
pub fn validate(
    content: &Object<'_>,
    received_at: DateTime<Utc>,
    author: Author,
) -> Result<(), Vec<Violation>> {
    let mut check = Check { violations: Vec::new(), received_at, author };
    for (key, value) in content.iter() {
        if check.violations.len() >= VIOLATIONS_MAX {
            break;
        }
        check.member(key, value);
    }
    check.required(content);
    if let Some((kind, detail)) = excess(content) {
        check.add(String::new(), kind, detail);
    }
    check.violations.truncate(VIOLATIONS_MAX);
    if check.violations.is_empty() { Ok(()) } else { Err(check.violations) }
}

/// What is asked of a text.
#[derive(Clone, Copy)]
struct Text {
    bytes_max: usize,
    /// PostgreSQL's text holds no NUL.
    column: bool,
    filled: bool,
}

impl Text {
    const NAME: Self = Self { bytes_max: NAME_BYTES_MAX, column: false, filled: false };
    const LONG: Self = Self { bytes_max: TEXT_BYTES_MAX, ..Self::NAME };
    const COLUMN: Self = Self { column: true, ..Self::NAME };

    const fn filled(self) -> Self {
        Self { filled: true, ..self }
    }
}

/// Control characters, and those of format that a reader does not see (Unicode's Cf that stand in
/// text): an action that looks like another must not be one.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The pointers to one who acts or is acted on: no text is made where nothing is wrong.
struct Party {
    whole: &'static str,
    id: &'static str,
    kind: &'static str,
    name: &'static str,
}

const ACTOR: Party = Party { whole: "/actor", id: "/actor/id", kind: "/actor/type", name: "/actor/name" };
const RESOURCE: Party =
    Party { whole: "/resource", id: "/resource/id", kind: "/resource/type", name: "/resource/name" };

struct Check {
    violations: Vec<Violation>,
    received_at: DateTime<Utc>,
    author: Author,
}

impl Check {
    fn member(&mut self, key: &str, value: &Value<'_>) {
        match key {
            "action" => self.action(value),
            "actor" => self.party(&ACTOR, value, Text::COLUMN.filled()),
            "resource" => self.party(&RESOURCE, value, Text::COLUMN),
            "occurred_at" => self.occurred_at(value),
            "severity" => self.one_of("/severity", value, &Severity::ALL.map(Severity::as_str)),
            "outcome" => self.one_of("/outcome", value, &Outcome::ALL.map(Outcome::as_str)),
            "message" => drop(self.text("/message", value, Text::LONG)),
            "user_agent" => drop(self.text("/user_agent", value, Text::LONG)),
            "session_id" => drop(self.text("/session_id", value, Text::COLUMN)),
            "request_id" => drop(self.text("/request_id", value, Text::COLUMN)),
            "event_id" => drop(self.text("/event_id", value, Text::NAME.filled())),
            "ip" => self.ip(value),
            "before" => drop(self.object("/before", value)),
            "after" => drop(self.object("/after", value)),
            "metadata" => drop(self.object("/metadata", value)),
            "producer" => self.producer(value),
            _ if SERVERS.contains(&key) => self.servers(key, value),
            _ => self.unknown("", key, &SENT),
        }
    }

    fn required(&mut self, content: &Object<'_>) {
        if !content.contains_key("action") {
            self.add("/action".to_owned(), Kind::Schema, "is required");
        }
        let id = match content.get("actor") {
            None => false,
            Some(Value::Object(actor)) => actor.contains_key("id"),
            // Said already: it must be an object.
            Some(_) => true,
        };
        if !id {
            self.add("/actor/id".to_owned(), Kind::Schema, "is required");
        }
    }

    fn action(&mut self, value: &Value<'_>) {
        let rule = Text { bytes_max: ACTION_BYTES_MAX, ..Text::COLUMN.filled() };
        let Some(action) = self.text("/action", value, rule) else { return };
        if action.trim() != action || action.chars().any(is_unseen) {
            let detail = "may not begin or end with a space, nor hold control or invisible characters";
            self.add("/action".to_owned(), Kind::Schema, detail);
        }
        let first = action.split('.').next().unwrap_or_default();
        if first.eq_ignore_ascii_case("custody") && self.author == Author::Client {
            self.add("/action".to_owned(), Kind::ReservedAction, "custody.* is for Custody's own entries");
        }
    }

    /// `actor` or `resource`.
    fn party(&mut self, at: &Party, value: &Value<'_>, id: Text) {
        let Some(party) = self.object(at.whole, value) else { return };
        for (key, value) in party.iter() {
            match key {
                "id" => drop(self.text(at.id, value, id)),
                "type" => drop(self.text(at.kind, value, Text::COLUMN)),
                "name" => drop(self.text(at.name, value, Text::NAME)),
                _ => self.unknown(at.whole, key, &["type", "id", "name"]),
            }
        }
    }

    fn producer(&mut self, value: &Value<'_>) {
        let Some(producer) = self.object("/producer", value) else { return };
        for (key, value) in producer.iter() {
            match key {
                "id" => drop(self.text("/producer/id", value, Text::COLUMN.filled())),
                "seq" if columns::count(value).is_some() => {}
                "seq" => {
                    let detail = format!("must be a whole number from 0 to {PRODUCER_SEQ_MAX}");
                    self.add("/producer/seq".to_owned(), Kind::Schema, detail);
                }
                _ => self.unknown("/producer", key, &["id", "seq"]),
            }
        }
        for key in ["id", "seq"] {
            if !producer.contains_key(key) {
                self.add(at("/producer", key), Kind::Schema, "is required where there is a producer");
            }
        }
    }

    fn occurred_at(&mut self, value: &Value<'_>) {
        let pointer = "/occurred_at";
        let Some(text) = self.text(pointer, value, Text::COLUMN) else { return };
        let latest = self.received_at.checked_add_signed(TimeDelta::hours(OCCURRED_AHEAD_HOURS_MAX));
        let detail = match parse_rfc3339(text) {
            None => "must be a time of RFC 3339 with an offset, like 2026-01-02T03:04:05Z".to_owned(),
            Some(time) if time.to_utc() < DateTime::UNIX_EPOCH => "is before 1970".to_owned(),
            Some(time) if latest.is_some_and(|latest| time.to_utc() > latest) => {
                format!("is more than {OCCURRED_AHEAD_HOURS_MAX} hours after it was received")
            }
            Some(_) => return,
        };
        self.add(pointer.to_owned(), Kind::Time, detail);
    }

    fn ip(&mut self, value: &Value<'_>) {
        let Some(text) = self.text("/ip", value, Text::COLUMN) else { return };
        if columns::address(text).is_none() && text != MASKED {
            self.add("/ip".to_owned(), Kind::Schema, "must be an IPv4 or IPv6 address");
        }
    }

    fn one_of(&mut self, pointer: &str, value: &Value<'_>, allowed: &[&str]) {
        if !value.as_str().is_some_and(|text| allowed.contains(&text)) {
            self.add(pointer.to_owned(), Kind::Schema, format!("must be one of {}", allowed.join(", ")));
        }
    }

    /// From the system, the kind of value is checked and nothing more: our own code made it.
    fn servers(&mut self, key: &str, value: &Value<'_>) {
        if self.author == Author::Client {
            self.add(at("", key), Kind::Schema, "is set by the server");
            return;
        }
        match key {
            "recorded_by" => drop(self.object("/recorded_by", value)),
            "source_format" => drop(self.text("/source_format", value, Text::NAME.filled())),
            _ if value.as_array().is_none() => self.wrong_kind(&at("", key), "an array", value),
            _ => {}
        }
    }

    fn text<'v>(&mut self, pointer: &str, value: &'v Value<'_>, rule: Text) -> Option<&'v str> {
        let Some(text) = value.as_str() else {
            self.wrong_kind(pointer, "a string", value);
            return None;
        };
        let (kind, detail) = if text.len() > rule.bytes_max {
            (Kind::Size, format!("is longer than {} bytes", rule.bytes_max))
        } else if rule.filled && text.is_empty() {
            (Kind::Schema, "may not be empty".to_owned())
        } else if rule.column && text.contains('\0') {
            (Kind::Encoding, "may not contain the character NUL".to_owned())
        } else {
            return Some(text);
        };
        self.add(pointer.to_owned(), kind, detail);
        None
    }

    fn object<'v, 'a>(&mut self, pointer: &str, value: &'v Value<'a>) -> Option<&'v Object<'a>> {
        if value.as_object().is_none() {
            self.wrong_kind(pointer, "an object", value);
        }
        value.as_object()
    }

    fn wrong_kind(&mut self, pointer: &str, wanted: &str, value: &Value<'_>) {
        let detail = format!("must be {wanted}, not {}", value.kind());
        self.add(pointer.to_owned(), Kind::Schema, detail);
    }

    fn unknown(&mut self, parent: &str, key: &str, known: &[&str]) {
        if self.violations.len() >= VIOLATIONS_MAX {
            return;
        }
        if key.len() > REPEATED_NAME_BYTES_MAX {
            let detail = format!("has an unknown member, with a name of {} bytes", key.len());
            self.add(parent.to_owned(), Kind::Schema, detail);
        } else if parent.is_empty() && GIVEN_OUT.contains(&key) {
            self.add(at("", key), Kind::Schema, "is set by the server");
        } else {
            let nearest = nearest(key, known).unwrap_or_default();
            self.add(at(parent, key), Kind::Schema, format!("is not known; the nearest name is {nearest}"));
        }
    }

    fn add(&mut self, pointer: String, kind: Kind, detail: impl Into<String>) {
        self.violations.push(Violation { pointer, kind, detail: detail.into() });
    }
}

fn at(parent: &str, key: &str) -> String {
    let mut pointer = parent.to_owned();
    push_token(&mut pointer, key);
    pointer
}
