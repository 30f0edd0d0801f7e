//! The events under `CUSTODY_TEST_DATA`, as contents of entries: as somebody's own forwarder would
//! write them, the source event whole in `metadata`. CloudTrail's delivered records are there a second
//! time in the form that benches write.

use std::path::Path;

use custody_domain::{
    canonical,
    content::{self, Author},
    json::{Value as Content, from_serde},
};
use custody_testkit::entries;
use serde_json::{Map, Value, json};

/// Contents in canonical form, in an order that mixes sources and times; none where the data is not
/// here.
pub(super) fn contents() -> Option<Vec<Vec<u8>>> {
    let folder = custody_testkit::data::path("events")?;
    let records = entries::records()?;
    let mut drafts: Vec<Value> = records.iter().map(|record| cloudtrail(record, None)).collect();
    for (severity, event) in lines(&folder.join("aws_cloudtrail.ndjson")) {
        drafts.push(cloudtrail(&event, Some(&severity)));
    }
    for (n, (severity, event)) in lines(&folder.join("github.ndjson")).into_iter().enumerate() {
        drafts.push(github(&event, &severity, n));
    }
    for (_, event) in lines(&folder.join("okta.ndjson")) {
        drafts.push(okta(&event));
    }
    let native = entries::native(&records, 7, records.len(), true);
    drafts.extend(native.map(|text| serde_json::from_slice(&text).unwrap()));
    // Prime, and no divisor of their number: each comes once.
    assert!(!drafts.len().is_multiple_of(STRIDE));
    Some((0..drafts.len()).map(|n| content(&drafts[n * STRIDE % drafts.len()])).collect())
}

const STRIDE: usize = 1_231;

/// What is committed; a draft that could not be sent is a fault of this file.
fn content(draft: &Value) -> Vec<u8> {
    let Content::Object(mut content) = from_serde(draft) else { panic!("no object") };
    let recorded_by = content.remove("recorded_by");
    let masked = content.remove("masked");
    content::validate(&content, chrono::Utc::now(), Author::Client)
        .unwrap_or_else(|wrong| panic!("{wrong:?}: {draft}"));
    for (name, value) in [("recorded_by", recorded_by), ("masked", masked)] {
        if let Some(value) = value {
            content.insert(name, value);
        }
    }
    content::normalise(&mut content).unwrap();
    canonical::to_vec(&Content::Object(content))
}

/// Quoted events, and the severity of the rule that quotes them.
fn lines(file: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(file).unwrap();
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        (line["severity"].as_str().unwrap_or_default().to_owned(), line["event"].take())
    };
    text.lines().map(line).collect()
}

fn cloudtrail(record: &Value, rule: Option<&str>) -> Value {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let service = text("/eventSource").and_then(|source| source.split('.').next()).unwrap_or("unknown");
    let name = text("/eventName").unwrap_or("unknown");
    let id = ["/userIdentity/arn", "/userIdentity/invokedBy", "/userIdentity/principalId"];
    let failed = text("/errorCode");
    let mut draft = Draft::new(&format!("{service}.{name}"), "cloudtrail", record);
    draft.person(
        text("/userIdentity/type"),
        id.iter().find_map(|pointer| text(pointer)),
        text("/userIdentity/userName").or_else(|| text("/userIdentity/arn")?.rsplit('/').next()),
    );
    let named = ["bucketName", "roleName", "secretId", "instanceId", "vpcId", "userName", "name"];
    let named = named.iter().find_map(|key| text(&format!("/requestParameters/{key}")));
    let resource = text("/resources/0/ARN").or(named);
    draft.resource(text("/resources/0/type").unwrap_or(service), resource, named);
    draft.time(text("/eventTime"));
    draft.put("outcome", Some(if failed.is_some() { "failure" } else { "success" }));
    draft.put("severity", rule.and_then(of_a_rule).or_else(|| failed.map(of_an_error)));
    draft.put("message", Some(text("/errorMessage").map_or_else(|| name.to_owned(), str::to_owned)));
    draft.put("request_id", text("/requestID"));
    draft.put("session_id", text("/userIdentity/accessKeyId"));
    draft.put("event_id", text("/eventID"));
    draft.put("user_agent", text("/userAgent"));
    draft.address(text("/sourceIPAddress"));
    // What was asked and what came of it, where something was changed.
    if record["readOnly"] == json!(false) {
        draft.state("before", &record["requestParameters"]);
        draft.state("after", &record["responseElements"]);
    }
    draft.masked("/metadata/responseElements/credentials/sessionToken");
    draft.done()
}

fn github(event: &Value, rule: &str, n: usize) -> Value {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let action = text("/action").or_else(|| text("/event")).unwrap_or("push");
    let mut draft = Draft::new(&format!("github.{action}"), "github", event);
    let actor = text("/actor").or_else(|| text("/pusher/name")).or_else(|| text("/sender/login"));
    draft.person(Some("user"), actor, text("/user"));
    draft.resource("repository", text("/repo").or_else(|| text("/repository/full_name")), text("/org"));
    let created = event["created_at"].as_f64().map(|millis| {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970")]
        chrono::DateTime::from_timestamp_millis(millis as i64).unwrap().to_rfc3339()
    });
    draft.time(created.as_deref().or_else(|| text("/created_at")));
    draft.put("severity", of_a_rule(rule));
    draft.put("user_agent", text("/user_agent"));
    draft.address(text("/actor_ip"));
    draft.0["producer"] = json!({"id": "github-audit", "seq": n});
    draft.done()
}

fn okta(event: &Value) -> Value {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let either = |one, other| text(one).or_else(|| text(other));
    let action = either("/eventType", "/eventtype").unwrap_or("okta.unknown");
    let mut draft = Draft::new(action, "okta", event);
    draft.person(text("/actor/type"), either("/actor/alternateId", "/actorId"), text("/actor/displayName"));
    let kind = text("/target/0/type").unwrap_or("AppInstance");
    draft.resource(kind, text("/target/0/id"), text("/target/0/displayName"));
    draft.time(either("/published", "/p_event_time"));
    draft.put(
        "outcome",
        Some(match either("/outcome/result", "/result") {
            Some("SUCCESS" | "ALLOW") => "success",
            Some("FAILURE" | "DENY") => "failure",
            _ => "unknown",
        }),
    );
    let severity = text("/severity").map(|said| match said {
        "WARN" => "WARNING",
        "ERROR" => "ERROR",
        _ => "INFO",
    });
    draft.put("severity", severity);
    draft.put("message", either("/displayMessage", "/displaymessage"));
    draft.put(
        "session_id",
        either("/authenticationContext/externalSessionId", "/authenticationcontext/externalsessionid"),
    );
    draft.put("event_id", text("/uuid"));
    draft.put("user_agent", either("/client/userAgent/rawUserAgent", "/userAgent"));
    draft.address(either("/client/ipAddress", "/sourceIP"));
    draft.done()
}

fn of_a_rule(severity: &str) -> Option<&'static str> {
    match severity {
        "Critical" => Some("CRITICAL"),
        "High" => Some("ERROR"),
        "Medium" => Some("WARNING"),
        "Low" => Some("INFO"),
        _ => None,
    }
}

fn of_an_error(code: &str) -> &'static str {
    if code.contains("Denied") || code.contains("Unauthorized") { "ERROR" } else { "WARNING" }
}

/// An entry while it is made; what an event does not say is left out.
struct Draft(Value);

impl Draft {
    fn new(action: &str, source: &str, event: &Value) -> Self {
        let by = json!({"principal": format!("key:{source}"), "via": "POST /api/v1/logs/bulk", "peer_ip": "192.0.2.7"});
        Self(json!({"action": action, "recorded_by": by, "metadata": event}))
    }

    fn put(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0[name] = value.into();
        }
    }

    fn person(&mut self, kind: Option<&str>, id: Option<&str>, name: Option<&str>) {
        self.0["actor"] = members([("type", kind), ("id", id.or(Some("unknown"))), ("name", name)]);
    }

    fn resource(&mut self, kind: &str, id: Option<&str>, name: Option<&str>) {
        if id.is_some() {
            self.0["resource"] = members([("type", Some(kind)), ("id", id), ("name", name)]);
        }
    }

    /// With an offset, or as Panther writes it, without one and with a space.
    fn time(&mut self, said: Option<&str>) {
        let at = said.map(|said| said.replace(' ', "T")).map(|said| {
            let has_offset = said.ends_with('Z') || said.contains('+');
            if has_offset { said } else { format!("{said}Z") }
        });
        let known = at.filter(|at| chrono::DateTime::parse_from_rfc3339(at).is_ok());
        self.put("occurred_at", known);
    }

    /// Services stand there under their names, too.
    fn address(&mut self, said: Option<&str>) {
        self.put("ip", said.filter(|text| text.parse::<std::net::IpAddr>().is_ok()));
    }

    fn state(&mut self, name: &str, state: &Value) {
        if state.is_object() {
            self.0[name] = state.clone();
        }
    }

    fn masked(&mut self, pointer: &str) {
        if let Some(value) = self.0.pointer_mut(pointer) {
            *value = json!("***");
            self.0["masked"] = json!([{"pointer": pointer, "rule": "aws_secret"}]);
        }
    }

    fn done(self) -> Value {
        self.0
    }
}

fn members<const N: usize>(members: [(&str, Option<&str>); N]) -> Value {
    let given = members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    Value::Object(given.collect::<Map<String, Value>>())
}
