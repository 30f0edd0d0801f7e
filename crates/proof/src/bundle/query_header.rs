//! The first line of a bundle of a query's entries.

use custody_domain::{
    TenantId, canonical,
    json::{Limits, Object, Value, parse},
};

use super::members::{number, text, texts};

/// Everything of it that is known before its entries are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryHeader {
    pub tenant: TenantId,
    /// What was asked for, as the query language renders it. It is the exporter's word: nothing proves
    /// that these are all entries which it matches.
    pub query: String,
    /// The signed note.
    pub checkpoint: String,
    /// Verifier keys that signed it.
    pub keys: Vec<String>,
}

const VERSION: u64 = 1;
pub(super) const KIND: &str = "query";

impl QueryHeader {
    /// The line without its newline.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let mut line = Object::new();
        line.insert("bundle", "custody".into());
        line.insert("version", VERSION.into());
        line.insert("kind", KIND.into());
        line.insert("tenant_id", self.tenant.to_string().into());
        line.insert("query", self.query.clone().into());
        line.insert("checkpoint", self.checkpoint.clone().into());
        line.insert("keys", self.keys.iter().map(|key| Value::from(key.clone())).collect::<Vec<_>>().into());
        canonical::to_vec(&line.into())
    }

    /// None where the line is no header of this kind; what is wrong, for a person, where it is one that
    /// [`QueryHeader::to_line`] does not write.
    pub(super) fn of_line(line: &[u8]) -> Option<Result<Self, String>> {
        let value = parse(line, &Limits::STORED).ok()?;
        let object = value.as_object()?;
        let known = |key: &str, wanted: &str| object.get(key).and_then(Value::as_str) == Some(wanted);
        (known("bundle", "custody") && known("kind", KIND)).then(|| read(object, line))
    }
}

fn read(object: &Object<'_>, line: &[u8]) -> Result<QueryHeader, String> {
    if number(object, "version")? != VERSION {
        return Err("it is of a version that this program does not know".to_owned());
    }
    let tenant = text(object, "tenant_id")?.parse().map_err(|_| "its tenant_id is no UUID".to_owned())?;
    let header = QueryHeader {
        tenant,
        query: text(object, "query")?.to_owned(),
        checkpoint: text(object, "checkpoint")?.to_owned(),
        keys: texts(object, "keys")?.into_iter().map(str::to_owned).collect(),
    };
    // One byte form: no other keys, no other order, no other digits.
    if header.to_line() == line { Ok(header) } else { Err("it is not in canonical form".to_owned()) }
}
