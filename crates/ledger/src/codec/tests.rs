#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use zstd::{bulk::Compressor, zstd_safe};

use super::{
    frame::{CURRENT, DICTIONARIES, LEVEL},
    *,
};

/// Rows need them for ever. One that no longer has its hash was changed: put it back, and give the
/// new one the next number.
#[test]
fn no_dictionary_that_was_released_has_changed() {
    const RELEASED: [&str; DICTIONARIES.len()] = [
        "eeecdf6347171750598f8939f18be7abf50151dc37667a18847b0505b0651bf7",
        "815cd2d99f6a467b04f1e29e76f4ea49d6c11d24c0a75fd41cfb96b8b2f07815",
    ];
    let hashes = DICTIONARIES.map(|dictionary| hex::encode(Sha256::digest(dictionary)));
    assert_eq!(hashes, RELEASED);
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    for first in [0, 1] {
        let mut largest = vec![b'x'; BODY_BYTES_MAX];
        largest[0] = first;
        assert_eq!(decompress(&compress(&largest).unwrap()).unwrap().len(), BODY_BYTES_MAX);
    }
    let larger = vec![0; BODY_BYTES_MAX + 1];
    assert_eq!(compress(&larger), Err(CodecError::TooLarge(BODY_BYTES_MAX + 1)));
}

#[test]
fn each_dictionary_bears_its_number_and_fits_its_bound() {
    for (number, dictionary) in (1..).zip(DICTIONARIES) {
        let id = zstd_safe::get_dict_id_from_dict(dictionary).map(std::num::NonZero::get);
        assert_eq!(id, Some(number));
        assert!(dictionary.len() <= 32 * 1024);
    }
}

#[test]
fn a_frame_names_its_dictionary_and_one_without_is_valid() {
    let body = br#"{"action":"order.updated","actor":{"id":"u1"}}"#;
    let with = compress(body).unwrap();
    let named = zstd_safe::get_dict_id_from_frame(&with).map(std::num::NonZero::get);
    assert_eq!(named, u32::try_from(DICTIONARIES.len()).ok());
    assert_eq!(decompress(&with).unwrap(), body);
    let plain = compress_plain(body).unwrap();
    assert_eq!(zstd_safe::get_dict_id_from_frame(&plain), None);
    assert_eq!(decompress(&plain).unwrap(), body);
}

#[test]
fn rows_of_every_dictionary_are_read() {
    let body = full(r#"{"action":"order.updated","actor":{"id":"u1"}}"#);
    for dictionary in DICTIONARIES {
        let frame = Compressor::with_dictionary(LEVEL, dictionary).unwrap().compress(&body).unwrap();
        assert_eq!(decompress(&frame).unwrap(), body);
    }
}

#[test]
fn a_dictionary_of_a_later_version_is_named() {
    let mut dictionary = CURRENT.to_vec();
    dictionary[4..8].copy_from_slice(&200_u32.to_le_bytes());
    let frame = Compressor::with_dictionary(LEVEL, &dictionary).unwrap().compress(b"body").unwrap();
    assert_eq!(decompress(&frame), Err(CodecError::UnknownDictionary(200)));
}

fn full(content: &str) -> Vec<u8> {
    [&[1], [0xab; 16].as_slice(), content.as_bytes()].concat()
}

const A: &str = "019b7ca9-8f2e-7000-8000-000000000000";
const B: &str = "fe4ad87f-2f22-876f-c692-76dcd8448f2f";

#[test]
fn salt_and_uuids_are_set_aside_and_come_back() {
    let body = full(&format!(r#"{{"a":"{A}","b":"key:{B}","c":["{A}","{B}"]}}"#));
    let kept = compress(&body).unwrap();
    let uuids =
        [[0xab; 16].as_slice(), &[2], &hex::decode(format!("{A}{B}").replace('-', "")).unwrap()].concat();
    assert!(kept[1..].starts_with(&uuids));
    assert_eq!(decompress(&kept).unwrap(), body);
}

#[test]
fn what_only_looks_like_a_uuid_stays_text() {
    for text in
        [A.to_uppercase(), A.replace('0', "g"), A[1..].to_owned(), format!("-{}", A.replace('-', "_"))]
    {
        let body = full(&format!(r#"{{"a":"{text}"}}"#));
        let kept = compress(&body).unwrap();
        assert_eq!(kept[17], 0, "{text}");
        assert_eq!(decompress(&kept).unwrap(), body);
    }
    // One within the other's reach, and more than can be counted.
    let many = (0..300).map(|n| format!("{n:08x}{}", &A[8..])).collect::<Vec<_>>().join("-");
    for text in [format!("{}{A}", &A[..20]), format!("{A}{A}"), many] {
        let body = full(&text);
        assert_eq!(decompress(&compress(&body).unwrap()).unwrap(), body, "{text}");
    }
}

#[test]
fn bytes_that_no_content_has_are_kept_in_a_plain_frame() {
    for body in [full("\u{1}"), full(&format!("{A}\u{2}")), vec![1; 5], Vec::new(), vec![2, 3]] {
        let kept = compress(&body).unwrap();
        assert_eq!(kept[0], 0x28);
        assert_eq!(decompress(&kept).unwrap(), body);
    }
}

#[test]
fn what_was_kept_and_lost_a_piece_is_an_error() {
    let kept = compress(&full(&format!(r#"{{"a":"{A}"}}"#))).unwrap();
    for end in 0..kept.len() {
        assert!(decompress(&kept[..end]).is_err(), "{end} bytes");
    }
    // A list with one less than there are places.
    let fewer = [&kept[..17], &[0], &kept[34..]].concat();
    assert!(decompress(&fewer).is_err());
}

/// A few bytes must not become a body that no memory holds.
#[test]
fn a_text_of_nothing_but_uuids_is_bounded() {
    let frame = compress_plain(&[2, 0].repeat(BODY_BYTES_MAX / 36 + 1)).unwrap();
    let kept = [&[1], [0; 16].as_slice(), &[1], &[0; 16], &frame[4..]].concat();
    assert!(matches!(decompress(&kept), Err(CodecError::Damaged(_))));
}

proptest! {
    #[test]
    fn any_body_comes_back(body: Vec<u8>) {
        prop_assert_eq!(decompress(&compress(&body).unwrap()).unwrap(), body);
    }

    #[test]
    fn any_full_body_comes_back(parts in proptest::collection::vec(prop_oneof![
        Just(A.to_owned()), Just(B.to_owned()), "[0-9a-f]{1,9}", "[0-9a-f]{8}-[0-9a-f]{4}-", "-", ".{0,4}",
    ], 0..12)) {
        let body = full(&parts.concat());
        let kept = compress(&body).unwrap();
        prop_assert_eq!(&compress_full(&Salt([0xab; 16]), parts.concat().as_bytes()).unwrap(), &kept);
        prop_assert_eq!(decompress(&kept).unwrap(), body);
    }

    #[test]
    fn any_bytes_are_a_body_or_an_error(kept: Vec<u8>, first in 0..3_u8) {
        let _ = decompress(&kept);
        let _ = decompress(&[&[first], kept.as_slice()].concat());
    }
}
