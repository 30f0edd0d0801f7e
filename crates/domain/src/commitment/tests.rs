#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use proptest::prelude::*;

use super::*;
use crate::json::{Limits, parse};

/// Section 3 of docs/proofs.md, word by word.
fn by_the_page(hashes: &[Hash]) -> Hash {
    let mut sorted = hashes.to_vec();
    sorted.sort_unstable();
    sha256(&[&[0x03], &sorted.concat()])
}

#[test]
fn hashes_that_begin_alike_are_sorted_by_all_their_bytes() {
    let hash = |first: u8, last: u8| {
        let mut hash = [first; 32];
        hash[31] = last;
        hash
    };
    for hashes in [
        vec![],
        vec![hash(1, 2), hash(1, 1)],
        vec![hash(0xff, 0), hash(0, 1), hash(0x7f, 9)],
        (0..65).map(|n| hash(65 - n, n)).collect(),
        (0..64).map(|n| hash(64 - n, n)).collect(),
        vec![hash(1, 1), hash(1, 1)],
    ] {
        assert_eq!(content_hash(&hashes), by_the_page(&hashes));
    }
}

proptest! {
    #[test]
    fn the_content_hash_is_the_pages(
        hashes in proptest::collection::vec(proptest::array::uniform32(prop_oneof![3 => 0..3_u8, 1 => any::<u8>()]), 0..80),
    ) {
        prop_assert_eq!(content_hash(&hashes), by_the_page(&hashes));
    }

    /// All at once is the same as one after the other, in the functions that verifiers use.
    #[test]
    fn a_commitment_is_made_of_its_members(
        keys in proptest::collection::hash_set("[a-z~/é]{1,60}", 0..80), value in "[a-z\\PC]{0,90}", salt: [u8; 16],
    ) {
        let text = keys.iter().map(|key| format!("{}:{}", serde_json::json!(key), serde_json::json!(value)));
        let text = format!("{{\"metadata\":{{{}}},\"action\":1}}", text.collect::<Vec<_>>().join(","));
        let content = parse(text.as_bytes(), &Limits::default()).unwrap();
        let content = content.as_object().unwrap();
        let salt = Salt(salt);
        let members = members(content);
        let hashes: Vec<Hash> =
            members.iter().map(|(pointer, value)| member_hash(&member_salt(&salt, pointer), pointer, value)).collect();
        let commitment = commit(content, &salt);
        prop_assert_eq!(commitment.content_hash, by_the_page(&hashes));
        prop_assert_eq!(commitment.canonical, members.into_canonical());
    }
}
