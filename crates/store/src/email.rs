//! E-mail addresses: the one form by which people are looked up.

use crate::IdentityError;

const LENGTH_MAX: usize = 254;

/// Trimmed and in small letters. Not a check whether the address exists: only mail can tell.
pub(crate) fn normalise(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.split_once('@')?;
    let fits = !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && email.chars().count() <= LENGTH_MAX
        && !email.contains(|c: char| c.is_whitespace() || c.is_control());
    fits.then_some(email)
}

/// The same, as the member `/email` of a request.
pub(crate) fn required(text: &str) -> Result<String, IdentityError> {
    normalise(text).ok_or_else(|| IdentityError::invalid("/email", "must be an e-mail address"))
}

/// What was typed as an address, safe to be written into a log: bounded and without control
/// characters.
pub(crate) fn as_typed(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_lookups() {
        assert_eq!(normalise("  Ada@Example.COM ").as_deref(), Some("ada@example.com"));
        for bad in ["", "ada", "@x", "a@", "a@b@c", "a b@c", "a@b\u{0}", &"a".repeat(300)] {
            assert_eq!(normalise(bad), None, "{bad:?}");
        }
        assert_eq!(as_typed("a\u{0}b\nc"), "abc");
    }
}
