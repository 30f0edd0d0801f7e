//! Texts that become columns, within their bounds.

use std::borrow::Cow;

use super::Refused;

/// In bytes.
const UID_BYTES_MAX: usize = 8_192;
const NAME_CHARS_MAX: usize = 1_000;
const WORD_CHARS_MAX: usize = 200;

/// What tells findings and resources apart is taken whole or not at all.
pub(crate) fn uid(text: &str, pointer: &str) -> Result<String, Refused> {
    let text = without_nul(text);
    if text.len() > UID_BYTES_MAX {
        return Err(Refused::new(pointer, format!("longer than {UID_BYTES_MAX} bytes")));
    }
    Ok(text.into_owned())
}

/// As [`uid`], for what people write in queries.
pub(crate) fn word(text: &str, pointer: &str) -> Result<String, Refused> {
    let text = without_nul(text);
    if text.chars().nth(WORD_CHARS_MAX).is_some() {
        return Err(Refused::new(pointer, format!("longer than {WORD_CHARS_MAX} characters")));
    }
    Ok(text.into_owned())
}

/// What is shown: a long one is cut, as the whole stands in the text.
pub(crate) fn shown(text: &str) -> String {
    let text = without_nul(text);
    match text.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.into_owned(),
    }
}

/// `aws`; other letters than a provider's name may have become `_`.
pub(crate) fn provider(text: &str) -> Option<String> {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let text: String = text.trim().chars().map(word).take(40).collect();
    text.starts_with(|c: char| c.is_ascii_lowercase()).then_some(text)
}

/// PostgreSQL's texts hold none.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}
