//! Versions of the program, as rows name who wrote them: servers of several may run beside each other.

use semver::Version;

/// This one's.
pub(crate) const THIS: &str = env!("CARGO_PKG_VERSION");

/// To be compared; what is no version is older than all.
pub(crate) fn version(text: &str) -> Option<Version> {
    Version::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("0.9.0") < version("0.10.0"));
        assert!(version("1.0.0-rc.2") < version("1.0.0"));
        assert!(version("what") < version("0.0.1"));
        assert!(version(THIS).is_some());
    }
}
