//! Kinds of bytes, eight at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether all eight bytes may be an AWS secret's: ASCII letters and digits, `/` and `+`.
#[inline]
pub(super) fn all_of_secret(word: u64) -> bool {
    let low = word & !HIGHS;
    let letters = between(low | (ONES * 0x20), b'a', b'z');
    let digits = between(low, b'/', b'9') | between(low, b'+', b'+');
    (letters | digits) & !word & HIGHS == HIGHS
}

/// A bit for each byte, the first the lowest, that may be a card number's: digits, spaces, dashes and
/// dots.
#[inline]
pub(super) fn of_card(word: u64) -> u64 {
    let low = word & !HIGHS;
    let kinds = between(low, b'0', b'9') | between(low, b'-', b'.') | between(low, b' ', b' ');
    // The eight lowest bits of the lanes, brought together into the highest byte.
    (((kinds & !word & HIGHS) >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56
}

/// Bit 7 of each lane that lies between the two; the other bits say nothing. Lanes hold seven bits, and
/// no more than 0x80 is added, so none carries into the next.
#[inline]
fn between(low: u64, first: u8, last: u8) -> u64 {
    let from_first = low + ONES * u64::from(0x80 - first);
    let behind_last = low + ONES * u64::from(0x7f - last);
    from_first & !behind_last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=255_u8 {
            let of_secret = byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
            let card = byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.');
            for at in 0..8 {
                for around in [b'a', b'Z', b'0', b'9', b'/', b'+', b'z'] {
                    let mut bytes = [around; 8];
                    bytes[at] = byte;
                    let word = u64::from_le_bytes(bytes);
                    assert_eq!(all_of_secret(word), of_secret, "{byte} at {at} among {around}");
                    let others = if around.is_ascii_digit() { 0xff & !(1 << at) } else { 0 };
                    assert_eq!(
                        of_card(word),
                        others | u64::from(card) << at,
                        "{byte} at {at} among {around}"
                    );
                }
            }
        }
    }
}
