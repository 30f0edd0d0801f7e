//! Where a stream is, as its reader is told: what goes into `after` to go on from there.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use custody_domain::TenantId;
use custody_keys::Opaque;

/// Makes positions, and reads them again; the same in all servers of an installation.
#[derive(Clone, Debug)]
pub(crate) struct Positions(Opaque);

/// It is no number, and nothing that we gave for this tenant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownPosition;

impl Positions {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self(Opaque::new(secret, "custody stream position"))
    }

    /// The place before the entry `next`: the `seq` before it. Sealed, where the reader may not read
    /// every entry and so is not to know how many there are; and at the log's beginning, where there is
    /// no such `seq`.
    pub(crate) fn before(&self, tenant: TenantId, next: u64, sealed: bool) -> String {
        match next.checked_sub(1) {
            Some(seq) if !sealed => seq.to_string(),
            _ => {
                let sealed = self.0.seal(&u128::from(next).to_be_bytes(), tenant.0.as_bytes());
                URL_SAFE_NO_PAD.encode(sealed)
            }
        }
    }

    /// The `seq` of the first entry after it. `-1` is before all.
    pub(crate) fn read(&self, tenant: TenantId, after: &str) -> Result<u64, UnknownPosition> {
        if after == "-1" {
            return Ok(0);
        }
        if after.bytes().all(|byte| byte.is_ascii_digit()) {
            let seq: u64 = after.parse().map_err(|_| UnknownPosition)?;
            return Ok(seq.saturating_add(1));
        }
        let sealed = URL_SAFE_NO_PAD.decode(after).map_err(|_| UnknownPosition)?;
        let next: [u8; 16] = self.0.open(&sealed, tenant.0.as_bytes()).map_err(|_| UnknownPosition)?;
        u64::try_from(u128::from_be_bytes(next)).map_err(|_| UnknownPosition)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_position_leads_back_to_where_it_was_given_and_tells_nothing_else() {
        let positions = Positions::new([7; 32]);
        let (tenant, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        for next in [0, 1, 5, 1 << 40] {
            for sealed in [false, true] {
                let text = positions.before(tenant, next, sealed);
                assert_eq!(positions.read(tenant, &text), Ok(next), "{text}");
            }
        }
        assert_eq!(positions.before(tenant, 5, false), "4");
        let sealed = positions.before(tenant, 5, true);
        assert_ne!(sealed, positions.before(tenant, 5, true));
        assert_eq!(positions.read(other, &sealed), Err(UnknownPosition));
        assert_eq!(positions.read(tenant, "-1"), Ok(0));
        for text in ["", "x", "-2", "1.5", "99999999999999999999"] {
            assert_eq!(positions.read(tenant, text), Err(UnknownPosition), "{text}");
        }
    }
}
