//! Whether what came is what was exported.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What the server says of a file: in a trailer, a job's result, or the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// Lower-case hex.
    pub(super) sha256: String,
}

/// What came.
#[derive(Clone, Debug, Default)]
pub(super) struct Came {
    pub(super) bytes: u64,
    hash: Sha256,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum NotWhole {
    #[error("the server did not say that it was whole: it may be cut off")]
    NotSaid,
    #[error("it was cut off after {came} of {said} bytes")]
    CutOff { came: u64, said: u64 },
    #[error("its bytes are not those that were exported: they were changed on the way")]
    Changed,
}

impl NotWhole {
    pub(super) fn is_tampering(&self) -> bool {
        matches!(self, Self::Changed)
    }
}

impl Came {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    pub(super) fn check(&self, said: &Said) -> Result<(), NotWhole> {
        if self.bytes < said.bytes {
            return Err(NotWhole::CutOff { came: self.bytes, said: said.bytes });
        }
        if hex::encode(self.hash.clone().finalize()) == said.sha256 { Ok(()) } else { Err(NotWhole::Changed) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn less_is_cut_off_and_other_is_changed() {
        let mut came = Came::default();
        came.add(b"abc");
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        let said = Said { entries: 1, bytes: 3, sha256 };
        came.check(&said).unwrap();
        assert!(matches!(came.check(&Said { bytes: 4, ..said.clone() }), Err(NotWhole::CutOff { .. })));
        came.add(b"d");
        assert!(matches!(came.check(&said), Err(NotWhole::Changed)));
    }
}
