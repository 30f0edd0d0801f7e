//! The typed columns of `entries`: copies of what people filter by, each a pure function of the
//! content, so that a check can make them again from the body. Listed with their SQL types in
//! docs/schema.md.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use ipnetwork::IpNetwork;

use crate::{
    Outcome, Severity,
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
    }
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
                "occurred_at":"2026-01-02T03:04:05.1234567+01:00"}"#,
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
    }

    #[test]
    fn absent_stays_absent() {
        assert_eq!(columns("{}"), Columns::default());
        assert_eq!(columns(r#"{"actor":"x","severity":"info","ip":"10.0.0.0/8"}"#), Columns::default());
    }

    #[test]
    fn a_leap_second_is_the_second_after() {
        let leap = instant("2016-12-31T23:59:60.5Z").unwrap();
        assert_eq!(leap.to_rfc3339(), "2017-01-01T00:00:00.500+00:00");
    }
}
