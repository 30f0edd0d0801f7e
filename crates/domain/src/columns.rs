//! The typed columns of `entries`: copies of what people filter by, each a pure function of the
//! content, so that a check can make them again from the body. Listed with their SQL types in
//! docs/schema.md.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use ipnetwork::IpNetwork;

use crate::{
    Outcome, Severity, canonical,
    content::PRODUCER_SEQ_MAX,
    json::{Object, Value},
    time::parse_rfc3339,
};

/// `None` where the content has no such member, or one that is no such value (which validation
/// refuses, and which is left of a redacted entry).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    pub action: Option<String>,
    pub actor_type: Option<String>,
    pub actor_id: Option<String>,
    pub resource_type: Option<String>,
    pub resource_id: Option<String>,
    /// [`Severity::rank`].
    pub severity: Option<i16>,
    /// [`Outcome::code`].
    pub outcome: Option<i16>,
    pub request_id: Option<String>,
    pub session_id: Option<String>,
    /// One address: /32 or /128.
    pub ip: Option<IpNetwork>,
    /// Cut to the microsecond, PostgreSQL's precision.
    pub occurred_at: Option<DateTime<Utc>>,
    /// None, too, where it holds a NUL, which PostgreSQL's text cannot.
    pub producer_id: Option<String>,
    /// 0 to 2^53 − 1.
    pub producer_seq: Option<i64>,
}

/// The columns of `content`.
pub fn of(content: &Object<'_>) -> Columns {
    let top = |key| content.get(key).and_then(Value::as_str);
    let inner =
        |object: &str, key| content.get(object).and_then(Value::as_object)?.get(key).and_then(Value::as_str);
    Columns {
        action: top("action").map(str::to_owned),
        actor_type: inner("actor", "type").map(str::to_owned),
        actor_id: inner("actor", "id").map(str::to_owned),
        resource_type: inner("resource", "type").map(str::to_owned),
        resource_id: inner("resource", "id").map(str::to_owned),
        severity: top("severity").and_then(|s| s.parse().ok()).map(Severity::rank),
        outcome: top("outcome").and_then(|s| s.parse().ok()).map(Outcome::code),
        request_id: top("request_id").map(str::to_owned),
        session_id: top("session_id").map(str::to_owned),
        ip: top("ip").and_then(address).map(IpNetwork::from),
        occurred_at: top("occurred_at").and_then(instant),
        producer_id: inner("producer", "id").filter(|id| !id.contains('\0')).map(str::to_owned),
        producer_seq: content
            .get("producer")
            .and_then(Value::as_object)
            .and_then(|producer| producer.get("seq"))
            .and_then(count),
    }
}

/// The whole number that a JSON number is, up to [`PRODUCER_SEQ_MAX`]: `7`, `7.0` and `7e0` are one.
pub fn count(value: &Value<'_>) -> Option<i64> {
    let Value::Number(text) = value else { return None };
    let short = text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit());
    let count: u64 = if short {
        text.parse().ok()?
    } else {
        std::str::from_utf8(&canonical::to_vec(value)).ok()?.parse().ok()?
    };
    i64::try_from(count).ok().filter(|_| count <= PRODUCER_SEQ_MAX)
}

/// The address that `ip` names: an IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`) is the IPv4
/// address. No networks, no zones.
pub fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

/// The instant that `occurred_at` names, cut to the microsecond. A leap second is the second after.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(parse_rfc3339(text)?.timestamp_micros())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use super::*;
    use crate::json::{Limits, parse};

    fn columns(text: &str) -> Columns {
        let value = parse(text.as_bytes(), &Limits::default()).unwrap();
        of(value.as_object().unwrap())
    }

    #[test]
    fn every_column_is_a_function_of_the_content() {
        let columns = columns(
            r#"{"action":"order.updated","actor":{"type":"user","id":"u1"},
                "resource":{"type":"order","id":"o9"},"severity":"ERROR","outcome":"failure",
                "request_id":"r","session_id":"s","ip":"::ffff:192.0.2.1",
                "occurred_at":"2026-01-02T03:04:05.1234567+01:00",
                "producer":{"id":"p1","seq":7}}"#,
        );
        assert_eq!(columns.action.as_deref(), Some("order.updated"));
        assert_eq!(columns.actor_type.as_deref(), Some("user"));
        assert_eq!(columns.actor_id.as_deref(), Some("u1"));
        assert_eq!(columns.resource_type.as_deref(), Some("order"));
        assert_eq!(columns.resource_id.as_deref(), Some("o9"));
        assert_eq!((columns.severity, columns.outcome), (Some(2), Some(2)));
        assert_eq!(columns.request_id.as_deref(), Some("r"));
        assert_eq!(columns.session_id.as_deref(), Some("s"));
        assert_eq!(columns.ip.unwrap().to_string(), "192.0.2.1/32");
        assert_eq!(columns.occurred_at.unwrap().to_rfc3339(), "2026-01-02T02:04:05.123456+00:00");
        assert_eq!((columns.producer_id.as_deref(), columns.producer_seq), (Some("p1"), Some(7)));
    }

    #[test]
    fn absent_stays_absent() {
        assert_eq!(columns("{}"), Columns::default());
        assert_eq!(columns(r#"{"actor":"x","severity":"info","ip":"10.0.0.0/8"}"#), Columns::default());
    }

    #[test]
    fn a_producers_number_is_one_however_it_is_written() {
        for (text, seq) in [
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("70e-1", Some(7)),
            ("-0", Some(0)),
            ("9007199254740991", Some((1 << 53) - 1)),
            ("9007199254740992", None),
            ("-1", None),
            ("0.5", None),
            ("1e400", None),
            ("\"7\"", None),
        ] {
            let text = format!(r#"{{"producer":{{"id":"a\u0000","seq":{text}}}}}"#);
            let columns = columns(&text);
            assert_eq!((columns.producer_seq, columns.producer_id), (seq, None), "{text}");
        }
    }

    #[test]
    fn a_leap_second_is_the_second_after() {
        let leap = instant("2016-12-31T23:59:60.5Z").unwrap();
        assert_eq!(leap.to_rfc3339(), "2017-01-01T00:00:00.500+00:00");
    }
}
