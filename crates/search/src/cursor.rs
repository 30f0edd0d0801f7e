//! Cursors: where a walk goes on. Opaque, signed, and good only for the walk that they were made in.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use custody_domain::{EntryId, TenantId, query::Query};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Sort;

const VERSION: u8 = 1;
const BINDING_BYTES: usize = 16;
const ID_BYTES: usize = 16;
const MAC_BYTES: usize = 32;
const SIGNED_BYTES: usize = 1 + BINDING_BYTES + ID_BYTES;

/// The secret that signs cursors. Nodes that serve the same walk share it.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

/// Why a cursor is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It is not as we gave it.
    #[error("the cursor was changed or cut; use it as it was given")]
    Garbled,
    /// We gave it, for another query, order, reader or tenant. Which, it does not say.
    #[error("the cursor belongs to another query or order; start without one")]
    Foreign,
}

/// One walk: a tenant's entries that match a query, in an order.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    pub tenant: TenantId,
    /// As it is executed, the scope's restriction included.
    pub query: &'a Query,
    pub sort: Sort,
}

impl CursorKey {
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// A cursor that goes on after `last`.
    pub fn seal(&self, walk: &Walk<'_>, last: EntryId) -> String {
        let mut cursor = Vec::with_capacity(SIGNED_BYTES + MAC_BYTES);
        cursor.push(VERSION);
        cursor.extend_from_slice(&walk.binding());
        cursor.extend_from_slice(last.0.as_bytes());
        let mac = self.mac(&cursor).finalize().into_bytes();
        cursor.extend_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(cursor)
    }

    /// The entry after which the walk goes on.
    pub fn open(&self, walk: &Walk<'_>, cursor: &str) -> Result<EntryId, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError::Garbled)?;
        let (signed, mac) = bytes.split_at_checked(SIGNED_BYTES).ok_or(CursorError::Garbled)?;
        self.mac(signed).verify_slice(mac).map_err(|_| CursorError::Garbled)?;
        let (version, rest) = signed.split_at(1);
        let (binding, id) = rest.split_at(BINDING_BYTES);
        if version != [VERSION] || binding != walk.binding() {
            return Err(CursorError::Foreign);
        }
        Uuid::from_slice(id).map(EntryId).map_err(|_| CursorError::Garbled)
    }

    fn mac(&self, signed: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of 32 bytes");
        mac.chain_update(b"custody cursor").chain_update(signed)
    }
}

impl Walk<'_> {
    /// A digest of what the walk is. The lengths are fixed or last, so that no two walks write the
    /// same bytes.
    fn binding(&self) -> [u8; BINDING_BYTES] {
        let digest = Sha256::new()
            .chain_update(self.tenant.0.as_bytes())
            .chain_update(self.sort.as_str())
            .chain_update([0])
            .chain_update(self.query.render())
            .finalize();
        let mut binding = [0; BINDING_BYTES];
        binding.copy_from_slice(&digest[..BINDING_BYTES]);
        binding
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use custody_domain::query::parse;
    use proptest::prelude::*;

    use super::*;

    const KEY: CursorKey = CursorKey([7; 32]);

    fn walk(query: &Query, tenant: u128, sort: Sort) -> Walk<'_> {
        Walk { tenant: TenantId(Uuid::from_u128(tenant)), query, sort }
    }

    #[test]
    fn a_cursor_opens_in_its_own_walk_alone() {
        let query = parse("action:iam.* outcome:failure").unwrap();
        let other = parse("action:iam.*").unwrap();
        let id = EntryId(Uuid::from_u128(42));
        let mine = walk(&query, 1, Sort::ReceivedDescending);
        let cursor = KEY.seal(&mine, id);
        assert_eq!(KEY.open(&mine, &cursor), Ok(id));
        for foreign in [
            walk(&query, 2, Sort::ReceivedDescending),
            walk(&query, 1, Sort::ReceivedAscending),
            walk(&other, 1, Sort::ReceivedDescending),
        ] {
            assert_eq!(KEY.open(&foreign, &cursor), Err(CursorError::Foreign));
        }
        assert_eq!(CursorKey([8; 32]).open(&mine, &cursor), Err(CursorError::Garbled));
    }

    #[test]
    fn the_same_query_in_other_words_is_the_same_walk() {
        let (one, two) = (parse("a  AND (b c)").unwrap(), parse("A b C").unwrap());
        let cursor = KEY.seal(&walk(&one, 1, Sort::default()), EntryId(Uuid::from_u128(42)));
        assert!(KEY.open(&walk(&two, 1, Sort::default()), &cursor).is_ok());
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let walk = walk(&Query::All, 1, Sort::default());
        let cursor = KEY.seal(&walk, EntryId(Uuid::from_u128(42)));
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let text = URL_SAFE_NO_PAD.encode(flipped);
            assert_eq!(KEY.open(&walk, &text), Err(CursorError::Garbled), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn any_other_character_anywhere_is_refused(at in any::<prop::sample::Index>(), other in any::<char>()) {
            let walk = walk(&Query::All, 1, Sort::default());
            let cursor = KEY.seal(&walk, EntryId(Uuid::from_u128(42)));
            let mut characters: Vec<char> = cursor.chars().collect();
            let at = at.index(characters.len());
            prop_assume!(characters[at] != other);
            characters[at] = other;
            let changed: String = characters.into_iter().collect();
            prop_assert_eq!(KEY.open(&walk, &changed), Err(CursorError::Garbled));
        }

        #[test]
        fn no_text_but_ours_is_a_cursor(text in any::<String>()) {
            let walk = walk(&Query::All, 1, Sort::default());
            prop_assert_eq!(KEY.open(&walk, &text), Err(CursorError::Garbled));
        }

        #[test]
        fn a_cut_or_longer_cursor_is_refused(length in 0_usize..120) {
            let walk = walk(&Query::All, 1, Sort::default());
            let cursor = KEY.seal(&walk, EntryId(Uuid::from_u128(42)));
            let changed: String = cursor.chars().chain("A".repeat(60).chars()).take(length).collect();
            prop_assume!(changed != cursor);
            prop_assert_eq!(KEY.open(&walk, &changed), Err(CursorError::Garbled));
        }
    }
}
