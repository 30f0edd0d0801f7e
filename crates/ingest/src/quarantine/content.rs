//! What an item says, for who has to mend it. What a mask rule would take from the entry it takes from
//! this too: nobody needs the clear value, since the entry that the item becomes will not have it.

use custody_auth::Scope;
use custody_domain::{
    QuarantineId,
    json::{self, Limits, Value},
};
use custody_store::{StoreError, quarantine as table};
use serde::ser::{Error as _, Serialize, SerializeMap as _, Serializer};
use serde_json::value::RawValue;

use super::replay::Kept;
use crate::{Ingest, IngestError, mask::Masker};

/// An item's content without what the tenant's policy masks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// JSON, its members in the order sent, its numbers as sent.
    Json(Vec<u8>),
    /// What is no JSON: as text, in which names and looks alone say what is masked.
    Text(String),
}

impl Content {
    fn of(sent: &[u8], masker: &Masker) -> Self {
        Self::json(sent, masker)
            .unwrap_or_else(|| Self::Text(masker.mask_broken(&String::from_utf8_lossy(sent))))
    }

    /// None where it is no JSON, or so much must be masked that the masker stops half way.
    fn json(sent: &[u8], masker: &Masker) -> Option<Self> {
        let mut event = json::parse(sent, &Limits::STORED).ok()?;
        masker.mask(&mut event).ok()?;
        Some(Self::Json(serde_json::to_vec_pretty(&AsSent(&event)).ok()?))
    }
}

impl Ingest {
    /// What an item says; none where the tenant has no such item. Leaves an entry in the tenant's log,
    /// durable before this answers.
    pub async fn quarantined_content(
        &self,
        scope: &Scope,
        id: QuarantineId,
    ) -> Result<Option<Content>, IngestError> {
        let Some(Kept { item, sent }) = self.quarantine.find(scope, id).await? else { return Ok(None) };
        let masker = self.policies.masker(scope).await?;
        // Of the largest items a second's work: not on a thread that others wait for.
        let content = tokio::task::spawn_blocking(move || Content::of(&sent, &masker)).await;
        let content = content.map_err(|error| StoreError::Unexpected(Box::new(error)))?;
        let mut tx = self.quarantine.store.tenant_tx(scope).await?;
        table::shown(&mut tx, scope, &item, chrono::Utc::now()).await?;
        tx.commit().await?;
        Ok(Some(content))
    }
}

/// A value in the order and with the numbers that it was sent with.
struct AsSent<'v>(&'v Value<'v>);

impl Serialize for AsSent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(text) => {
                RawValue::from_string(text.to_string()).map_err(S::Error::custom)?.serialize(serializer)
            }
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(items) => serializer.collect_seq(items.iter().map(AsSent)),
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (key, value) in object.iter() {
                    map.serialize_entry(key, &AsSent(value))?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    fn shown(sent: &[u8]) -> String {
        match Content::of(sent, &Masker::default()) {
            Content::Json(bytes) => {
                let compact: String = String::from_utf8(bytes).unwrap().split_whitespace().collect();
                format!("json {compact}")
            }
            Content::Text(text) => format!("text {text}"),
        }
    }

    #[test]
    fn json_keeps_its_order_and_its_numbers_and_loses_its_secrets() {
        assert_eq!(
            shown(br#"{"z":12345678901234567890.50,"a":[1E400,null],"password":"hunter22"}"#),
            r#"json {"z":12345678901234567890.50,"a":[1E400,null],"password":"***"}"#
        );
    }

    #[test]
    fn what_is_no_json_is_text_without_its_secrets() {
        assert_eq!(
            shown(br#"{"a":1,"a":2,"password":"hunter22"}"#),
            r#"text {"a":1,"a":2,"password":"***"}"#
        );
        assert_eq!(
            shown(b"{\"a\":\"\xff\",\"token\":\"hunter22"),
            "text {\"a\":\"\u{fffd}\",\"token\":\"***\""
        );
    }

    /// More places than a list of them may have: the masker stops, and what it left is not shown.
    #[test]
    fn what_the_masker_gives_up_on_is_masked_as_text() {
        let items: Vec<_> = (0..5_000).map(|_| r#"{"password":"hunter22"}"#).collect();
        let text = shown(format!("[{}]", items.join(",")).as_bytes());
        assert!(text.starts_with("text") && !text.contains("hunter22"));
    }
}
