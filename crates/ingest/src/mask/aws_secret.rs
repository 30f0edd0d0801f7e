//! AWS secret access keys: 40 characters of base64 that nothing marks but their randomness.

/// How long a key is.
pub(super) const LENGTH: usize = 40;

/// Calls `found` with where each begins and ends.
pub(super) fn find(text: &str, mut found: impl FnMut(usize, usize)) {
    let of_run = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+');
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|b| of_run(**b)).count();
        if length == LENGTH && stands_alone(text, at, at + length) && is_random(&bytes[at..at + length]) {
            found(at, at + length);
        }
        at += length + 1;
    }
}

/// Not a part of a longer id, of base64 with padding or of a name.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joins = ['-', '_', '.', '%', ':'];
    !text[..start].ends_with(joins) && !text[end..].starts_with(joins) && !text[end..].starts_with('=')
}

/// As mixed as AWS makes them. A SHA-1 in hex, a path and a name in camel case are as long now and
/// then; none of them is.
fn is_random(key: &[u8]) -> bool {
    let count = |test: fn(&u8) -> bool| key.iter().filter(|b| test(b)).count();
    count(u8::is_ascii_uppercase) >= 6
        && count(u8::is_ascii_lowercase) >= 6
        && count(u8::is_ascii_digit) >= 2
        && entropy_bits(key) >= 4.3
}

/// Shannon entropy per character; 40 random ones of 64 have about 4.9.
fn entropy_bits(key: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in key {
        counts[usize::from(*byte)] += 1;
    }
    let total = f64::from(counts.iter().sum::<u32>());
    let shares = counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) / total);
    shares.map(|share| -share * share.log2()).sum()
}
