//! The driver's files, as they stand in the binary.

/// The folder that they lie in, and the name of the package they are.
pub(crate) const PACKAGE: &str = "custody_driver";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        pub(crate) const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../driver/", $name)))),*];
    };
}

files!(
    "__init__.py",
    "ambient.py",
    "calls.py",
    "catalogue.py",
    "checks.py",
    "commands.py",
    "compliance.py",
    "demo.py",
    "demo_account.py",
    "driver.py",
    "engine.py",
    "events.py",
    "failures.py",
    "findings.py",
    "guard.py",
    "limits.py",
    "providers.json",
    "providers.py",
    "scrub.py",
    "swallowed.py",
    "warden.py",
);
