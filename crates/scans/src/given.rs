//! What somebody gives for a provider, held against its table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::providers::{self, Part};

/// A longer text is no credential.
const TEXT_BYTES_MAX: usize = 65_536;

/// Credentials and settings of a provider, each known and of its form.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Never shown, never logged: this type's `Debug` says their names.
    pub credentials: BTreeMap<String, Value>,
    pub settings: BTreeMap<String, Value>,
}

/// What is wrong with one of them; it never says its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// A JSON pointer within what was given: `/credentials/access_key_id`.
    pub pointer: String,
    pub detail: String,
}

/// All of them, in a line.
pub(crate) fn in_words(faults: &[FieldFault]) -> String {
    let each: Vec<_> = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect();
    each.join("; ")
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let credentials: Vec<_> = self.credentials.keys().collect();
        f.debug_struct("Given").field("credentials", &credentials).field("settings", &self.settings).finish()
    }
}

impl Given {
    /// Takes them as they are for this provider; all that is wrong is told at once.
    pub fn read(
        provider: &str,
        credentials: Map<String, Value>,
        settings: Map<String, Value>,
    ) -> Result<Self, Vec<FieldFault>> {
        let mut faults = Vec::new();
        let credentials = take(provider, Part::Credentials, credentials, &mut faults);
        let settings = take(provider, Part::Settings, settings, &mut faults);
        if faults.is_empty() { Ok(Self { credentials, settings }) } else { Err(faults) }
    }

    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name)?.as_str()
    }
}

fn take(
    provider: &str,
    part: Part,
    given: Map<String, Value>,
    faults: &mut Vec<FieldFault>,
) -> BTreeMap<String, Value> {
    let mut taken = BTreeMap::new();
    for (name, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
        let long = longest(&value) > TEXT_BYTES_MAX;
        let long = long.then(|| format!("must have at most {TEXT_BYTES_MAX} bytes"));
        let one = BTreeMap::from([(name.clone(), value)]);
        let unfit = providers::check(provider, part, &one).err().map(|unfit| unfit.to_string());
        match unfit.or(long) {
            Some(detail) => {
                let name = name.replace('~', "~0").replace('/', "~1");
                faults.push(FieldFault { pointer: format!("/{}/{name}", part.as_str()), detail });
            }
            None => taken.extend(one),
        }
    }
    if serde_json::to_vec(&taken).is_ok_and(|text| text.len() > TEXT_BYTES_MAX) {
        let detail = format!("must have at most {TEXT_BYTES_MAX} bytes of JSON in all");
        faults.push(FieldFault { pointer: format!("/{}", part.as_str()), detail });
    }
    taken
}

fn longest(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(longest).sum(),
        Value::Object(members) => members.values().map(longest).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_wrong_is_told_by_its_name_and_never_by_its_value() {
        let faults = Given::read(
            "aws",
            map(json!({"access_key_id": "AKIA", "secret_key": "hunter2", "session_token": 5})),
            map(
                json!({"secret_access_key": "hunter2", "session_duration": "long", "profile_file": "/etc/x"}),
            ),
        )
        .unwrap_err();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/credentials/secret_key",
                "/credentials/session_token",
                "/settings/profile_file",
                "/settings/secret_access_key",
                "/settings/session_duration"
            ]
        );
        assert!(!format!("{faults:?}").contains("hunter2"));
    }

    #[test]
    fn credentials_do_not_show_in_debug_output() {
        let given = Given::read("aws", map(json!({"access_key_id": "AKIA7"})), Map::new()).unwrap();
        assert_eq!(format!("{given:?}"), r#"Given { credentials: ["access_key_id"], settings: {} }"#);
    }
}
