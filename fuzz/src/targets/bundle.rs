//! Bundles: what a stranger hands over to be believed.

use custody_proof::bundle::{Claim, check};

pub(crate) fn run(bytes: &[u8]) {
    let mut entries = 0;
    if let Ok(checked) = check(bytes, &[], |_, _| entries += 1) {
        assert!(!checked.is_pinned, "no key was trusted");
        let claimed = match checked.claim {
            Claim::Complete { first, end, .. } => end - first,
            Claim::Included { entries, .. } => entries,
        };
        assert_eq!(claimed, entries);
        // Nothing of it can be left out.
        for cut in [0, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            assert!(check(&bytes[..cut], &[], |_, _| ()).is_err(), "without the bytes from {cut} on");
        }
        for at in [0, bytes.len() / 3, bytes.len() - 2] {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            assert!(check(changed.as_slice(), &[], |_, _| ()).is_err(), "with byte {at} changed");
        }
    }
}
