//! Compact ranges, and the paths of proofs.

use custody_proof::{CompactRange, path};

pub(crate) fn run(bytes: &[u8]) {
    if let Ok(range) = CompactRange::from_bytes(bytes) {
        assert_eq!(range.to_bytes(), bytes, "one range has one form");
        let mut grown = range.clone();
        if grown.append([1; 32]).is_ok() {
            assert_eq!(grown.len(), range.len() + 1);
            let mut leaf = CompactRange::empty(range.end());
            let mut merged = range.clone();
            if leaf.append([1; 32]).is_ok() && merged.merge(&leaf).is_ok() {
                assert_eq!(merged, grown, "appending is merging with a leaf");
            }
        }
        assert_eq!(range.root().is_some(), range.begin() == 0);
    }
    if let Some(numbers) = bytes.first_chunk::<16>() {
        let number =
            |at: usize| numbers[at..at + 8].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        let (a, b) = (number(0), number(8));
        assert_eq!(path::inclusion(a, b).is_some(), a < b, "{a} in {b}");
        if let Some(parts) = path::inclusion(a, b) {
            assert!(parts.len() <= 64 && parts.iter().all(|part| part.start < part.end && part.end <= b));
        }
        if let Some(parts) = path::consistency(a, b) {
            assert!(parts.len() <= 65 && parts.iter().all(|part| part.start < part.end && part.end <= b));
        }
    }
}
