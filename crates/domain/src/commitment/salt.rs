//! What keeps a commitment from being guessed.

use std::fmt;

/// 16 random bytes for an entry, or the 16 derived from them for one of its members. Whoever has the
/// salt of an erased member can try values against its commitment, so it is no more to be logged
/// than the value is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Salt(pub [u8; 16]);

impl Salt {
    /// 32 digits of lower-case hex.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Lower-case digits only: a body has one form.
    pub fn from_hex(text: &str) -> Option<Self> {
        lower_hex(text).map(Self)
    }
}

/// Bytes from exactly as many digits of lower-case hex.
pub(crate) fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}
