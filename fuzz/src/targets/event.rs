//! An event of every format into an entry's content, and that into what is committed to.

use std::sync::LazyLock;

use chrono::DateTime;
use custody_domain::{
    Body, canonical, columns,
    commitment::{Salt, commit},
    content::KEPT_BYTES_MAX,
    json::{Limits, Object, Value, parse},
};
use custody_ingest::{Format, MaskPolicy, dry_run, mask::Masker};

static MASKER: LazyLock<Masker> = LazyLock::new(|| {
    let policy = MaskPolicy {
        mask: vec!["/metadata/customer/*".to_owned(), "/requestParameters/*/value".to_owned()],
        keep: vec!["/metadata/fixtures".to_owned()],
        keys: vec!["tax_id".to_owned()],
        ..MaskPolicy::default()
    };
    Masker::new(&policy).unwrap_or_default()
});

pub(crate) fn run(bytes: &[u8]) {
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
    for format in Format::ALL {
        match dry_run(bytes, format, &MASKER, at) {
            Ok(content) => check(&content),
            Err((_, errors)) => {
                assert!(!errors.is_empty(), "a refusal says why");
                assert!(errors.iter().all(|e| !e.detail.is_empty() && starts_well(&e.pointer)), "{errors:?}");
            }
        }
    }
}

/// RFC 6901: empty, or begins with a slash.
fn starts_well(pointer: &str) -> bool {
    pointer.is_empty() || pointer.starts_with('/')
}

fn check(content: &[u8]) {
    let value =
        parse(content, &Limits::STORED).unwrap_or_else(|e| panic!("a content that does not read: {e}"));
    assert_eq!(canonical::to_vec(&value), content, "canonical");
    let Value::Object(object) = value else { panic!("a content that is no object") };
    for member in ["action", "actor", "recorded_by", "source_format"] {
        assert!(object.contains_key(member), "no {member}");
    }
    let made = columns::of(&object);
    assert!(made.action.is_some() && made.actor_id.is_some(), "{made:?}");
    commits(&object, content);
}

/// What is committed to is kept as it is, and stays what it was when something of it is erased.
fn commits(object: &Object<'_>, content: &[u8]) {
    let salt = Salt([7; 16]);
    let commitment = commit(object, &salt);
    assert_eq!(commitment.canonical, content);
    if content.len() > KEPT_BYTES_MAX {
        return;
    }
    let body = Body::Full { salt, content: commitment.canonical };
    let hash = |body: &Body| body.content_hash().unwrap_or_else(|e| panic!("no hash of {body:?}: {e}"));
    assert_eq!(hash(&body), commitment.content_hash);
    let decoded = Body::decode(&body.encode()).unwrap_or_else(|e| panic!("its own bytes do not read: {e}"));
    assert_eq!(decoded, body);
    let redacted = body.redact(&["/actor", "/metadata", "/message"]);
    let redacted = redacted.unwrap_or_else(|e| panic!("cannot be erased from: {e}"));
    assert_eq!(hash(&redacted), commitment.content_hash, "erasing changes no proof");
    assert_eq!(Body::decode(&redacted.encode()).ok().as_ref(), Some(&redacted));
}
