//! PostgreSQL's versions: a major and, since 10, one minor number.

use std::fmt;

/// Such as 17.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PgVersion {
    pub major: u32,
    /// 0 for pre-releases.
    pub minor: u32,
}

impl PgVersion {
    /// Reads what `postgres --version` prints: `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`,
    /// also `18beta1` and `19devel`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = text.strip_prefix("postgres (PostgreSQL) ")?.split_whitespace().next()?;
        let digits = |s: &str| s.chars().take_while(char::is_ascii_digit).collect::<String>();
        let (major, rest) = (digits(number), number);
        let minor = rest.strip_prefix(&major)?.strip_prefix('.').map(digits);
        Some(Self { major: major.parse().ok()?, minor: minor.and_then(|m| m.parse().ok()).unwrap_or(0) })
    }
}

impl fmt::Display for PgVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_packages_and_developers_print_them() {
        let parse = |number: &str| {
            PgVersion::parse(&format!("postgres (PostgreSQL) {number}")).map(|v| v.to_string())
        };
        assert_eq!(parse("15.13 (Debian 15.13-0+deb12u1)").as_deref(), Some("15.13"));
        assert_eq!(parse("17.11").as_deref(), Some("17.11"));
        assert_eq!(parse("18beta1").as_deref(), Some("18.0"));
        assert_eq!(parse("19devel").as_deref(), Some("19.0"));
        assert_eq!(parse("x"), None);
        assert_eq!(PgVersion::parse("mysqld 8"), None);
    }
}
