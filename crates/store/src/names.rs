//! Names that people give to what they make.

use uuid::Uuid;

use crate::IdentityError;

/// A tenant's: what people type and URLs show.
pub(crate) fn tenant(name: &str) -> Result<String, IdentityError> {
    let edge = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = name.as_bytes();
    let fits = (1..=63).contains(&bytes.len())
        && bytes.iter().all(|&c| edge(c) || c == b'-')
        && bytes.first().is_some_and(|&c| edge(c))
        && bytes.last().is_some_and(|&c| edge(c));
    // A name that is a UUID could name another tenant where either is taken.
    if !fits || Uuid::parse_str(name).is_ok() {
        return Err(IdentityError::invalid(
            "/name",
            "must be 1 to 63 small letters, digits and hyphens, no hyphen at either end, and no UUID",
        ));
    }
    if name == "custody" {
        return Err(IdentityError::invalid("/name", "this name is reserved"));
    }
    Ok(name.to_owned())
}

/// What people read; `pointer` is where it stands in the request.
pub(crate) fn display(pointer: &'static str, name: &str) -> Result<String, IdentityError> {
    let name = name.trim();
    if !(1..=200).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(IdentityError::invalid(pointer, "must be 1 to 200 printable characters"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_s_name_is_safe_in_a_host_name_and_never_an_id() {
        for good in ["a", "acme", "acme-2", &"a".repeat(63)] {
            assert!(tenant(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Acme",
            "-a",
            "a-",
            "a_b",
            "a b",
            "ä",
            "custody",
            &"a".repeat(64),
            "018f3a5e-0000-7000-8000-000000000001",
        ] {
            assert!(tenant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_printable() {
        assert_eq!(display("/name", "  Acme, Inc. ").ok().as_deref(), Some("Acme, Inc."));
        for bad in ["", "  ", "a\u{0}b", "a\nb", &"x".repeat(201)] {
            assert!(display("/name", bad).is_err(), "{bad:?}");
        }
    }
}
