//! An entry's body as it is kept.

use custody_domain::Body;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(body) = Body::decode(bytes) else { return };
    assert_eq!(body.encode(), bytes, "one body has one form");
    let hash = body.content_hash();
    body.write_json(&mut Vec::new());
    if let (Ok(hash), Ok(redacted)) = (hash, body.redact(&["/actor", ""])) {
        assert_eq!(redacted.content_hash().ok(), Some(hash), "erasing changes no proof");
    }
}
