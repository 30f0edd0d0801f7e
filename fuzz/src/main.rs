//! One target under libFuzzer: `CUSTODY_FUZZ_TARGET` names it. Run by `scripts/fuzz`.

#![no_main]

use std::sync::LazyLock;

use custody_fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("CUSTODY_FUZZ_TARGET").unwrap_or_default();
    *Target::named(&name).unwrap_or_else(|| panic!("CUSTODY_FUZZ_TARGET={name:?} is no target"))
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
