//! The entries that benches write: Custody's own form, about 1.1 KB of JSON, made of CloudTrail
//! records. One shape for all benches, so that their numbers can be set beside each other.
//!
//! Records are real where the data is here ([`records`]); a bench without it hands in invented ones
//! and says so. A record is used again and again; what would be new in life (ids, milliseconds) is
//! drawn anew each time, so that nothing shrinks because it was repeated.

use serde_json::Value;

/// An entry grows by members of its record until it has so many bytes.
pub const BYTES_AIMED_AT: usize = 1_100;
/// A member that would make an entry larger than this is left out.
const BYTES_MAX: usize = 1_250;

/// Members of a record that stand in every entry, and those that fill it up.
const FIRST: [&str; 6] =
    ["awsRegion", "recipientAccountId", "readOnly", "managementEvent", "eventType", "errorCode"];
const LAST: [&str; 5] = ["eventCategory", "eventVersion", "apiVersion", "additionalEventData", "resources"];

/// The real CloudTrail records under `CUSTODY_TEST_DATA`, files in the order of their names.
#[track_caller]
pub fn records() -> Option<Vec<Value>> {
    let folder = crate::data::path("cloudtrail")?;
    let files = std::fs::read_dir(folder).expect("the folder is readable");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file is readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let mut records = Vec::new();
    for path in paths {
        let text = std::fs::read(path).expect("a file is readable");
        let mut file: Value = serde_json::from_slice(&text).expect("a delivery is JSON");
        if let Some(Value::Array(items)) = file.get_mut("Records").map(Value::take) {
            records.extend(items);
        }
    }
    Some(records)
}

/// `count` entries made of `records`, one JSON text each. The same arguments give the same bytes.
pub fn native(
    records: &[Value],
    seed: u64,
    count: usize,
    with_event_id: bool,
) -> impl Iterator<Item = Vec<u8>> + '_ {
    let mut draws = Draws(seed);
    (0..count).zip(records.iter().cycle()).map(move |(_, record)| entry(record, &mut draws, with_event_id))
}

fn entry(record: &Value, draws: &mut Draws, with_event_id: bool) -> Vec<u8> {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or("unknown");
    let service = text("/eventSource").split('.').next().unwrap_or_default().to_owned();
    let (name, who) = (text("/eventName"), text("/userIdentity/arn"));
    let failed = record.get("errorCode").is_some();
    let day_and_second = text("/eventTime").trim_end_matches('Z');
    let mut out = Members::default();
    out.text("action", &format!("{service}.{name}"));
    out.json(
        "actor",
        &format!(
            r#"{{"type":{},"id":{},"name":{}}}"#,
            quoted(text("/userIdentity/type")),
            quoted(who),
            quoted(who.rsplit('/').next().unwrap_or(who))
        ),
    );
    let resource =
        record.pointer("/resources/0/ARN").or_else(|| first_text(record.get("requestParameters")?));
    let id = resource.and_then(Value::as_str).unwrap_or(text("/eventSource"));
    out.json("resource", &format!(r#"{{"type":{},"id":{}}}"#, quoted(&service), quoted(id)));
    out.text("occurred_at", &format!("{day_and_second}.{:03}Z", draws.next() % 1_000));
    out.text("severity", if failed { "WARNING" } else { "INFO" });
    out.text("outcome", if failed { "failure" } else { "success" });
    out.text("message", &format!("{name} on {id}"));
    out.text("request_id", &draws.uuid());
    out.text("session_id", text("/userIdentity/accessKeyId"));
    let ip = text("/sourceIPAddress");
    out.text("ip", if ip.parse::<std::net::IpAddr>().is_ok() { ip } else { "192.0.2.9" });
    out.text("user_agent", text("/userAgent"));
    if with_event_id {
        out.text("event_id", &draws.uuid());
    }
    out.json("metadata", &metadata(record, out.0.len(), draws));
    out.close()
}

/// What else the record says, as far as there is room.
fn metadata(record: &Value, used: usize, draws: &mut Draws) -> String {
    let mut out = Members::default();
    out.text("source_event", &draws.uuid());
    let of_request = record.get("requestParameters").and_then(Value::as_object).into_iter().flatten();
    let of_answer = record.get("responseElements").and_then(Value::as_object).into_iter().flatten();
    let of_tls = record.get("tlsDetails").and_then(Value::as_object).into_iter().flatten();
    let named =
        |names: &'static [&'static str]| names.iter().filter_map(|name| Some((*name, record.get(*name)?)));
    let all = named(&FIRST)
        .chain(of_request.chain(of_tls).map(|(k, v)| (k.as_str(), v)))
        .chain(named(&LAST))
        .chain(of_answer.map(|(k, v)| (k.as_str(), v)));
    for (key, value) in all {
        let value = value.to_string();
        let after = used + out.0.len() + key.len() + value.len();
        if after < BYTES_MAX && !out.0.contains(&format!("\"{key}\":")) {
            out.json(key, &value);
        }
        if (BYTES_AIMED_AT..BYTES_MAX).contains(&after) {
            break;
        }
    }
    String::from_utf8(out.close()).unwrap_or_default()
}

fn first_text(parameters: &Value) -> Option<&Value> {
    parameters.as_object()?.values().find(|value| value.as_str().is_some_and(|text| text.len() < 200))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// An object's text, member by member: in the order in which an application would write them.
#[derive(Default)]
struct Members(String);

impl Members {
    fn text(&mut self, key: &str, text: &str) {
        self.json(key, &quoted(text));
    }

    fn json(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quoted(key));
        self.0.push(':');
        self.0.push_str(value);
    }

    fn close(mut self) -> Vec<u8> {
        self.0.push('}');
        self.0.into_bytes()
    }
}

/// Splitmix64.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(parameters: &str) -> Value {
        let text = format!(
            r#"{{"eventSource":"iam.amazonaws.com","eventName":"GetRole","eventTime":"2026-01-05T06:00:00Z",
            "userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::1:user/amara","accessKeyId":"AKIA4LARKSPURAMARA01"}},
            "sourceIPAddress":"192.0.2.1","userAgent":"x","requestParameters":{{{parameters}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_entry_grows_to_its_size_and_no_further() {
        let many: Vec<_> = (0..60).map(|i| format!(r#""parameter{i}":"{i} of sixty""#)).collect();
        let records = [record(&many.join(","))];
        for text in native(&records, 1, 3, true) {
            assert!((BYTES_AIMED_AT..=BYTES_MAX + 1).contains(&text.len()), "{} bytes", text.len());
            let entry: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(entry["action"], "iam.GetRole");
            assert_eq!(entry["metadata"]["parameter0"], "0 of sixty");
        }
    }

    #[test]
    fn a_record_used_twice_gives_two_events_and_the_same_seed_the_same_ones() {
        let records = [record("")];
        let once: Vec<_> = native(&records, 1, 2, true).collect();
        assert_ne!(once[0], once[1]);
        assert_eq!(once, native(&records, 1, 2, true).collect::<Vec<_>>());
    }

    #[test]
    fn real_records_give_entries_of_the_aimed_size() {
        let Some(records) = records() else { return };
        let sizes: Vec<_> = native(&records, 1, records.len(), false).map(|text| text.len()).collect();
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((1_000..1_200).contains(&mean), "{mean} bytes");
    }
}
