//! Members of a bundle's lines, read and written.

use custody_domain::{
    Hash,
    json::{Object, Value},
};

pub(super) fn text<'v>(object: &'v Object<'_>, key: &str) -> Result<&'v str, String> {
    object.get(key).and_then(Value::as_str).ok_or_else(|| format!("its {key} is missing or no string"))
}

pub(super) fn texts<'v>(object: &'v Object<'_>, key: &str) -> Result<Vec<&'v str>, String> {
    let all = object.get(key).and_then(Value::as_array).map(|all| all.iter().map(Value::as_str).collect());
    all.flatten().ok_or_else(|| format!("its {key} is missing or no array of strings"))
}

pub(super) fn number(object: &Object<'_>, key: &str) -> Result<u64, String> {
    match object.get(key) {
        Some(Value::Number(text)) => text.parse().map_err(|_| format!("its {key} is no count")),
        _ => Err(format!("its {key} is missing or no number")),
    }
}

pub(super) fn hash(text: &str) -> Result<Hash, String> {
    let mut hash = [0; 32];
    match hex::decode_to_slice(text, &mut hash) {
        Ok(()) => Ok(hash),
        Err(_) => Err("a hash in it is not 64 hex digits".to_owned()),
    }
}

pub(super) fn hashes(object: &Object<'_>, key: &str) -> Result<Vec<Hash>, String> {
    texts(object, key)?.into_iter().map(hash).collect()
}

pub(super) fn of_hashes(list: &[Hash]) -> Value<'static> {
    list.iter().map(|hash| Value::from(hex::encode(hash))).collect::<Vec<_>>().into()
}
