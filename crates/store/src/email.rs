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

/// What was typed, as it was typed, where it is an address; so it is bounded and safe to be written
/// into a log. What is none is nobody's business: people type passwords there.
pub(crate) fn as_typed(text: &str) -> Option<String> {
    normalise(text).map(|_| text.trim().to_owned())
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
        assert_eq!(as_typed(" Ada@Example.COM\n").as_deref(), Some("Ada@Example.COM"));
        assert_eq!(as_typed("hunter2-correct-horse"), None);
    }
}
