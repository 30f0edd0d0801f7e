//! One entry: `{"body":…,"id":…,"seq":…}`, canonical.

use custody_domain::{
    Body, EntryId, canonical,
    commitment::Salt,
    json::{Limits, Object, Value, parse},
};

/// An entry as a bundle holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) id: EntryId,
    pub(super) body: Body,
}

/// Appends the line with its newline.
pub(super) fn write(seq: u64, id: EntryId, body: &Body, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"body\":");
    body.write_json(out);
    out.extend_from_slice(format!(",\"id\":\"{id}\",\"seq\":{seq}}}\n").as_bytes());
}

/// Reads a line without its newline. What is wrong, for a person, where it is none.
pub(super) fn read(line: &[u8]) -> Result<Entry, String> {
    let value = parse(line, &Limits::STORED).map_err(|error| format!("it is not JSON: {error}"))?;
    let entry = value.as_object().and_then(of_object).ok_or("it is no entry")?;
    let mut again = Vec::with_capacity(line.len() + 1);
    write(entry.seq, entry.id, &entry.body, &mut again);
    // One byte form: what the members were read from may hold nothing else.
    if again.strip_suffix(b"\n") == Some(line) {
        Ok(entry)
    } else {
        Err("it is not in canonical form".into())
    }
}

/// What the members say; not whether the line is as it must be.
pub(super) fn of_object(line: &Object<'_>) -> Option<Entry> {
    let Value::Number(seq) = line.get("seq")? else { return None };
    let id = line.get("id")?.as_str()?.parse().ok()?;
    Some(Entry { seq: seq.parse().ok()?, id, body: body(line.get("body")?.as_object()?)? })
}

fn body(body: &Object<'_>) -> Option<Body> {
    let content = body.get("content").filter(|content| content.as_object().is_some())?;
    let content = canonical::to_vec(content);
    match body.get("form")?.as_str()? {
        "full" => Some(Body::Full { salt: Salt::from_hex(body.get("salt")?.as_str()?)?, content }),
        "redacted" => {
            let salts = body.get("salts")?.as_object()?;
            let salt = |salt: &Value<'_>| Salt::from_hex(salt.as_str()?);
            let salts = salts.iter().map(|(pointer, value)| Some((pointer.to_owned(), salt(value)?)));
            let erased = body.get("erased")?.as_array()?.iter().map(|hash| {
                let mut bytes = [0; 32];
                hex::decode_to_slice(hash.as_str()?, &mut bytes).ok().map(|()| bytes)
            });
            Some(Body::Redacted {
                content,
                salts: salts.collect::<Option<_>>()?,
                erased: erased.collect::<Option<_>>()?,
            })
        }
        _ => None,
    }
}
