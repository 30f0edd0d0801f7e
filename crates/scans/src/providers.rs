//! What can be said of each provider: the driver's own table.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;

use crate::nearest::nearest;

static TABLE: LazyLock<BTreeMap<String, Provider>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../driver/providers.json")).unwrap_or_default());

/// A row of the table. What Prowler's classes call it is the driver's business.
#[derive(Debug, Deserialize)]
pub struct Provider {
    /// By name.
    pub credentials: BTreeMap<String, Field>,
    pub settings: BTreeMap<String, Field>,
    /// Programs that must be on the server's path.
    #[serde(default)]
    pub programs: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Field {
    #[serde(default, rename = "type")]
    pub shape: Shape,
    /// Written nowhere.
    #[serde(default)]
    pub secret: bool,
    /// Of a number.
    #[serde(default)]
    pub most: Option<u32>,
    /// Only the server says it, never a tenant.
    #[serde(default)]
    pub servers: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    #[default]
    Text,
    /// Or one text.
    Texts,
    /// One text; of a list the first.
    One,
    Number,
    Flag,
    /// JSON, or its text.
    Object,
    /// YAML or JSON, as text; or JSON.
    Document,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Credentials,
    Settings,
}

impl Part {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Settings => "settings",
        }
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("no such provider; the nearest is {nearest}")]
    Provider { nearest: String },
    #[error("{} of this provider have no {name}; the nearest is {nearest}", .part.as_str())]
    Name { part: Part, name: String, nearest: String },
    #[error("{} of this provider: {name} {must}", .part.as_str())]
    Value { part: Part, name: String, must: &'static str },
    #[error("{} of this provider: {name} must be from 0 to {most}", .part.as_str())]
    Most { part: Part, name: String, most: u32 },
}

/// By name.
pub fn all() -> &'static BTreeMap<String, Provider> {
    &TABLE
}

pub fn get(provider: &str) -> Result<&'static Provider, Unfit> {
    TABLE.get(provider).ok_or_else(|| Unfit::Provider {
        nearest: nearest(provider, TABLE.keys().map(String::as_str))
            .first()
            .copied()
            .unwrap_or("aws")
            .to_owned(),
    })
}

/// Whether a tenant may say this of a provider. Never shows a value.
pub fn check(provider: &str, part: Part, values: &BTreeMap<String, Value>) -> Result<(), Unfit> {
    let fields = fields(get(provider)?, part);
    for (name, value) in values {
        let Some(field) = fields.get(name).filter(|field| !field.servers) else {
            let known = fields.iter().filter(|(_, field)| !field.servers).map(|(name, _)| name.as_str());
            let nearest = nearest(name, known).first().copied().unwrap_or("none").to_owned();
            return Err(Unfit::Name { part, name: name.clone(), nearest });
        };
        if let Some(must) = field.shape.refuses(value) {
            return Err(Unfit::Value { part, name: name.clone(), must });
        }
        if let Some(most) = field.most
            && !value.as_f64().is_some_and(|number| (0.0..=f64::from(most)).contains(&number))
        {
            return Err(Unfit::Most { part, name: name.clone(), most });
        }
    }
    Ok(())
}

/// Adds what of this value must be written nowhere.
pub(crate) fn secrets_of(provider: &str, part: Part, name: &str, value: &Value, found: &mut Vec<String>) {
    let field = TABLE.get(provider).and_then(|provider| fields(provider, part).get(name));
    if field.is_some_and(|field| !field.secret) {
        return;
    }
    match value {
        Value::String(text) => {
            found.push(text.clone());
            match serde_json::from_str(text) {
                Ok(inner @ (Value::Object(_) | Value::Array(_))) => collect(&inner, false, found),
                _ => found.extend(text.lines().filter_map(secret_of_line)),
            }
        }
        _ => collect(value, field.is_none(), found),
    }
}

fn fields(provider: &Provider, part: Part) -> &BTreeMap<String, Field> {
    match part {
        Part::Credentials => &provider.credentials,
        Part::Settings => &provider.settings,
    }
}

fn collect(value: &Value, named: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) if named => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, named, found)),
        Value::Object(members) => {
            for (name, member) in members {
                collect(member, named || names_a_secret(name), found);
            }
        }
        _ => {}
    }
}

/// `  token: abc` in YAML.
fn secret_of_line(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim().trim_matches(['"', '\'']);
    (names_a_secret(name) && !value.is_empty()).then(|| value.to_owned())
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "secret",
        "password",
        "passphrase",
        "token",
        "private",
        "credential",
        "key-data",
        "key_data",
        "key_content",
    ]
    .iter()
    .any(|word| name.contains(word))
}

impl Shape {
    fn refuses(self, value: &Value) -> Option<&'static str> {
        let texts = || value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
        let (fits, must) = match self {
            Self::Text => (value.is_string(), "must be a text"),
            Self::Texts | Self::One => (value.is_string() || texts(), "must be a list of texts"),
            Self::Number => (value.is_number(), "must be a number"),
            Self::Flag => (value.is_boolean(), "must be true or false"),
            Self::Object => {
                (value.is_string() || value.is_object(), "must be an object, or its JSON as a text")
            }
            Self::Document => (value.is_string() || value.is_object(), "must be a text or an object"),
        };
        (!fits).then_some(must)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

    use serde_json::json;

    use super::*;

    fn values(value: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_a_tenant_says_of_a_provider_fits_its_table() {
        assert_eq!(all().len(), 23);
        let fits = |part, value| check("aws", part, &values(value)).map_err(|unfit| unfit.to_string());
        assert_eq!(fits(Part::Settings, json!({"regions": ["eu-west-1"], "role_arn": "arn"})), Ok(()));
        assert_eq!(
            fits(Part::Settings, json!({"rol_arn": "arn"})).unwrap_err(),
            "settings of this provider have no rol_arn; the nearest is role_arn"
        );
        assert_eq!(
            fits(Part::Credentials, json!({"secret_access_key": 5})).unwrap_err(),
            "credentials of this provider: secret_access_key must be a text"
        );
        // A file of the server's.
        assert!(fits(Part::Settings, json!({"profile_file": "/etc/passwd"})).is_err());
        assert_eq!(
            check("azur", Part::Settings, &values(json!({}))).unwrap_err().to_string(),
            "no such provider; the nearest is azure"
        );
    }

    #[test]
    fn what_is_secret_of_a_configuration_is_found_by_its_names() {
        let mut found = Vec::new();
        let config = "users:\n- user:\n    token: abcdefghij\n    name: somebody-known\n";
        secrets_of("kubernetes", Part::Credentials, "kubeconfig_content", &json!(config), &mut found);
        assert_eq!(found, [config, "abcdefghij"]);
        found.clear();
        let key = json!({"type": "service_account", "private_key": "MIIE", "client_email": "a@b.c"});
        secrets_of("gcp", Part::Credentials, "service_account_key", &key, &mut found);
        assert_eq!(found, ["MIIE"]);
    }
}
