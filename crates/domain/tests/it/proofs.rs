//! Erasing and withholding any members leaves the content hash what it was.

use custody_domain::{
    Body, Hash,
    commitment::{Salt, commit, content_hash, member_hash, member_salt, members},
    json::{Object, Value},
};
use proptest::{collection::vec, prelude::*};

use crate::generate;

fn full(content: &Object<'_>, salt: [u8; 16]) -> (Body, Hash) {
    let commitment = commit(content, &Salt(salt));
    (Body::Full { salt: Salt(salt), content: commitment.canonical }, commitment.content_hash)
}

fn pointers(content: &Object<'_>) -> Vec<String> {
    members(content).iter().map(|(pointer, _)| pointer.to_owned()).collect()
}

/// Those of `all` that `picks` says; it is repeated where it is too short.
fn chosen<'p>(all: &'p [String], picks: &[bool]) -> Vec<&'p str> {
    all.iter().zip(picks.iter().cycle()).filter(|(_, pick)| **pick).map(|(p, _)| p.as_str()).collect()
}

proptest! {
    #[test]
    fn committing_is_the_four_steps_of_the_page(content in generate::content(), salt in any::<[u8; 16]>()) {
        let salt = Salt(salt);
        let members = members(&content);
        let hashes: Vec<Hash> =
            members.iter().map(|(p, v)| member_hash(&member_salt(&salt, p), p, v)).collect();
        let commitment = commit(&content, &salt);
        prop_assert_eq!(commitment.content_hash, content_hash(&hashes));
        prop_assert_eq!(
            commitment.canonical,
            custody_domain::canonical::to_vec(&Value::Object(content.clone()))
        );
        let mut distinct = hashes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), hashes.len());
    }

    #[test]
    fn redacting_any_members_keeps_the_content_hash(
        content in generate::content(),
        salt in any::<[u8; 16]>(),
        first in vec(any::<bool>(), 1..12),
        second in vec(any::<bool>(), 1..12),
    ) {
        let (body, hash) = full(&content, salt);
        prop_assert_eq!(body.content_hash().unwrap(), hash);
        let all = pointers(&content);
        let gone = chosen(&all, &first);
        let once = body.redact(&gone).unwrap();
        prop_assert_eq!(once.content_hash().unwrap(), hash);
        prop_assert_eq!(once.erased().len(), gone.len());
        prop_assert_eq!(&Body::decode(&once.encode()).unwrap(), &once);
        let twice = once.redact(&chosen(&all, &second)).unwrap();
        prop_assert_eq!(twice.content_hash().unwrap(), hash);
        let remaining = twice.content().unwrap();
        let left = pointers(remaining.as_object().unwrap());
        for pointer in &left {
            prop_assert!(!gone.contains(&pointer.as_str()));
        }
        prop_assert_eq!(left.len() + twice.erased().len(), all.len());
    }

    #[test]
    fn disclosing_any_members_keeps_the_content_hash(
        content in generate::content(),
        salt in any::<[u8; 16]>(),
        gone in vec(any::<bool>(), 1..12),
        shown in vec(any::<bool>(), 1..12),
    ) {
        let (body, hash) = full(&content, salt);
        let all = pointers(&content);
        let wanted = chosen(&all, &shown);
        let disclosure = body.disclose(&wanted).unwrap();
        prop_assert_eq!(disclosure.content_hash().unwrap(), hash);
        prop_assert_eq!(disclosure.salts.len(), wanted.len());
        let redacted = body.redact(&chosen(&all, &gone)).unwrap();
        let disclosure = redacted.disclose(&wanted).unwrap();
        prop_assert_eq!(disclosure.content_hash().unwrap(), hash);
        prop_assert_eq!(disclosure.salts.len() + disclosure.withheld.len(), all.len());
    }

    #[test]
    fn no_bytes_make_a_body_panic(bytes in vec(any::<u8>(), 0..120), version in 0..4_u8) {
        for bytes in [bytes.clone(), [vec![version], bytes].concat()] {
            if let Ok(body) = Body::decode(&bytes) {
                prop_assert_eq!(body.encode(), bytes);
                let _ = (body.content_hash(), body.redact(&[""]), body.disclose(&["/a"]));
            }
        }
    }
}
