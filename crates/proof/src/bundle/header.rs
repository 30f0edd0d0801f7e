//! The first line: what the bundle claims, and what it is held against.

use chrono::{DateTime, Utc};
use custody_domain::{
    Hash, TenantId, canonical,
    json::{Limits, Object, Value, parse},
    time::{parse_rfc3339, rfc3339_millis},
};

use super::{
    Neighbour,
    members::{hashes, number, of_hashes, text, texts},
};

/// Everything of a bundle but its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub tenant: TenantId,
    /// Received at that time or later; None: from the log's first entry on. Whole milliseconds.
    pub from: Option<DateTime<Utc>>,
    /// … and before that time; None: up to the checkpoint's end.
    pub to: Option<DateTime<Utc>>,
    /// `seq` of the first entry, and the one after the last.
    pub first: u64,
    pub end: u64,
    /// The entries `first` − 1 and `end`, where the tree has them.
    pub before: Option<Neighbour>,
    pub after: Option<Neighbour>,
    /// Of the compact range of all leaves before `before` (of those before `first` where there is none).
    pub left: Vec<Hash>,
    /// … and of all after `after`.
    pub right: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
    /// Verifier keys that signed it.
    pub keys: Vec<String>,
}

const VERSION: u64 = 1;

impl Header {
    /// The line without its newline.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let mut line = Object::new();
        let time = |at: &DateTime<Utc>| Value::from(rfc3339_millis(*at));
        let leaf = |n: &Neighbour| Value::from(hex::encode(n.leaf_data(self.tenant)));
        let mut optional = |key: &'static str, value: Option<Value<'static>>| {
            if let Some(value) = value {
                line.insert(key, value);
            }
        };
        optional("from", self.from.as_ref().map(time));
        optional("to", self.to.as_ref().map(time));
        optional("before", self.before.as_ref().map(leaf));
        optional("after", self.after.as_ref().map(leaf));
        line.insert("bundle", "custody".into());
        line.insert("version", VERSION.into());
        line.insert("kind", "range".into());
        line.insert("tenant_id", self.tenant.to_string().into());
        line.insert("first", self.first.into());
        line.insert("end", self.end.into());
        line.insert("left", of_hashes(&self.left));
        line.insert("right", of_hashes(&self.right));
        line.insert("checkpoint", self.checkpoint.clone().into());
        line.insert("keys", self.keys.iter().map(|key| Value::from(key.clone())).collect::<Vec<_>>().into());
        canonical::to_vec(&line.into())
    }

    /// Reads a line, which must be the one that [`Header::to_line`] writes. What is wrong, for a
    /// person, where it is not.
    pub(super) fn of_line(line: &[u8]) -> Result<Self, String> {
        let value = parse(line, &Limits::STORED).map_err(|error| format!("it is not JSON: {error}"))?;
        let object = value.as_object().ok_or("it is not an object")?;
        let known = |key: &str, wanted: &str| object.get(key).and_then(Value::as_str) == Some(wanted);
        if !known("bundle", "custody") {
            return Err("it is no bundle of Custody".to_owned());
        }
        if number(object, "version")? != VERSION || !known("kind", "range") {
            return Err("it is of a version or kind that this program does not know".to_owned());
        }
        let tenant: TenantId =
            text(object, "tenant_id")?.parse().map_err(|_| "its tenant_id is no UUID".to_owned())?;
        let header = Self {
            tenant,
            from: time(object, "from")?,
            to: time(object, "to")?,
            first: number(object, "first")?,
            end: number(object, "end")?,
            before: neighbour(object, "before", tenant)?,
            after: neighbour(object, "after", tenant)?,
            left: hashes(object, "left")?,
            right: hashes(object, "right")?,
            checkpoint: text(object, "checkpoint")?.to_owned(),
            keys: texts(object, "keys")?.into_iter().map(str::to_owned).collect(),
        };
        // One byte form: no other keys, no other order, no other digits.
        if header.to_line() == line { Ok(header) } else { Err("it is not in canonical form".to_owned()) }
    }
}

fn time(object: &Object<'_>, key: &str) -> Result<Option<DateTime<Utc>>, String> {
    let Some(value) = object.get(key) else { return Ok(None) };
    let at = value.as_str().and_then(parse_rfc3339).ok_or_else(|| format!("its {key} is no time"))?;
    Ok(Some(at.to_utc()))
}

fn neighbour(object: &Object<'_>, key: &str, tenant: TenantId) -> Result<Option<Neighbour>, String> {
    let Some(value) = object.get(key) else { return Ok(None) };
    let mut data = [0; 65];
    let read = value.as_str().filter(|text| hex::decode_to_slice(text, &mut data).is_ok());
    read.and_then(|_| Neighbour::from_leaf_data(&data, tenant))
        .map(Some)
        .ok_or_else(|| format!("its {key} is no leaf data of that tenant"))
}
