//! A body's bytes: one version byte, then the form's own.
//!
//! `0x01 ‖ entry salt ‖ content` and `0x02 ‖ {"content": …, "erased": [hex], "salts": {pointer: hex}}`,
//! all JSON canonical, the commitments sorted.

use super::{Body, BodyError};
use crate::{
    Hash, canonical,
    commitment::{Salt, lower_hex},
    json::{Limits, Object, Value, parse},
};

const FULL: u8 = 0x01;
const REDACTED: u8 = 0x02;
const SALT_BYTES: usize = 16;

pub(super) fn encode(body: &Body) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.content_bytes().len() + 64);
    match body {
        Body::Full { salt, content } => {
            out.push(FULL);
            out.extend_from_slice(&salt.0);
            out.extend_from_slice(content);
        }
        Body::Redacted { content, salts, erased } => {
            out.push(REDACTED);
            write_redacted(content, salts, erased, b"", &mut out);
        }
    }
    out
}

pub(super) fn write_json(body: &Body, out: &mut Vec<u8>) {
    match body {
        Body::Full { salt, content } => {
            out.extend_from_slice(b"{\"content\":");
            out.extend_from_slice(content);
            out.extend_from_slice(b",\"form\":\"full\",\"salt\":");
            canonical::write_string(&salt.to_hex(), out);
            out.push(b'}');
        }
        Body::Redacted { content, salts, erased } => {
            write_redacted(content, salts, erased, b",\"form\":\"redacted\"", out);
        }
    }
}

fn write_redacted(content: &[u8], salts: &[(String, Salt)], erased: &[Hash], form: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"content\":");
    out.extend_from_slice(content);
    out.extend_from_slice(b",\"erased\":");
    write_hashes(erased, out);
    out.extend_from_slice(form);
    out.extend_from_slice(b",\"salts\":");
    write_salts(salts, out);
    out.push(b'}');
}

/// The salt and the content of a full body are taken as they are, without reading the JSON; a
/// redacted one is read, and must be what [`encode`] writes.
pub(super) fn decode(bytes: &[u8]) -> Result<Body, BodyError> {
    match bytes.split_first() {
        Some((&FULL, rest)) => {
            let (salt, content) =
                rest.split_first_chunk::<SALT_BYTES>().ok_or(BodyError::TooShort(bytes.len()))?;
            Ok(Body::Full { salt: Salt(*salt), content: content.to_vec() })
        }
        Some((&REDACTED, json)) => {
            let body = redacted(json)?;
            if encode(&body) != bytes {
                return Err(BodyError::NotCanonical);
            }
            Ok(body)
        }
        first => Err(BodyError::UnknownVersion(first.map(|(version, _)| *version))),
    }
}

fn redacted(json: &[u8]) -> Result<Body, BodyError> {
    let Value::Object(form) = parse(json, &Limits::STORED)? else {
        return Err(BodyError::NotAnObject);
    };
    let content = form.get("content").filter(|value| value.as_object().is_some());
    let content = canonical::to_vec(content.ok_or(BodyError::Member("content"))?);
    let salts = salts(&form).ok_or(BodyError::Member("salts"))?;
    let erased = erased(&form).ok_or(BodyError::Member("erased"))?;
    Ok(Body::Redacted { content, salts, erased })
}

fn salts(form: &Object<'_>) -> Option<Vec<(String, Salt)>> {
    let salts = form.get("salts")?.as_object()?;
    salts.iter().map(|(p, salt)| Some((p.to_owned(), Salt::from_hex(salt.as_str()?)?))).collect()
}

fn erased(form: &Object<'_>) -> Option<Vec<Hash>> {
    let erased: Option<Vec<Hash>> =
        form.get("erased")?.as_array()?.iter().map(|hash| lower_hex(hash.as_str()?)).collect();
    erased.filter(|hashes| hashes.is_sorted())
}

pub(super) fn write_salts(salts: &[(String, Salt)], out: &mut Vec<u8>) {
    let mut sorted: Vec<_> = salts.iter().collect();
    sorted.sort_unstable_by(|a, b| canonical::utf16(&a.0, &b.0));
    out.push(b'{');
    for (i, (pointer, salt)) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        canonical::write_string(pointer, out);
        out.push(b':');
        canonical::write_string(&salt.to_hex(), out);
    }
    out.push(b'}');
}

pub(super) fn write_hashes(hashes: &[Hash], out: &mut Vec<u8>) {
    let mut sorted: Vec<_> = hashes.iter().collect();
    sorted.sort_unstable();
    out.push(b'[');
    for (i, hash) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        canonical::write_string(&hex::encode(hash), out);
    }
    out.push(b']');
}
