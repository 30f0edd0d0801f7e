//! Masking of events, and of what was to be one.

use std::sync::LazyLock;

use custody_domain::json::{Limits, Value, parse};
use custody_ingest::{MaskPolicy, mask::Masker};

/// Stands for a secret: it is in no seed, and no chance makes it.
const SECRET: &str = "Zq7-not-by-chance-9wX";

static MASKER: LazyLock<Masker> = LazyLock::new(|| {
    let policy = MaskPolicy {
        mask: vec!["/metadata/customer/email".to_owned(), "/people/*".to_owned()],
        keys: vec!["tax_id".to_owned()],
        ..MaskPolicy::default()
    };
    Masker::new(&policy).unwrap_or_default()
});

pub(crate) fn run(bytes: &[u8]) {
    if let Ok(mut event) = parse(bytes, &Limits::default())
        && MASKER.mask(&mut event).is_ok()
    {
        let once = event.clone();
        let mut hinted = parse(bytes, &Limits::default()).unwrap_or(Value::Null);
        assert!(MASKER.mask_read(&mut hinted, bytes).is_ok());
        assert_eq!(hinted, once, "a look at the bytes first changes nothing");
        let again = MASKER.mask(&mut event);
        assert_eq!(again, Ok(Vec::new()), "what is masked is masked");
        assert_eq!(once, event);
    }
    let text = String::from_utf8_lossy(bytes);
    MASKER.mask_text(&text);
    MASKER.mask_broken(&text);
    // Whatever follows a secret, it is not shown.
    for (name, quote) in [("tax_id", "\""), ("password", "\""), ("email", "\"")] {
        let shown = MASKER.mask_broken(&format!("{{\"{name}\": {quote}{SECRET}{quote}, {text}"));
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
