//! Which bytes of an object.

use std::ops;

use crate::ObjectsError;

/// A part of an object, as HTTP's `Range` asks for it (RFC 9110, section 14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// From this byte to before that one; an end beyond the object's is the object's.
    Between { from: u64, until: u64 },
    /// From this byte to the end.
    From(u64),
    /// The last bytes; all of a shorter object.
    Last(u64),
}

impl Range {
    /// The bytes of an object of this size; [`ObjectsError::BeyondTheEnd`] where it has none of them.
    pub fn within(self, bytes: u64) -> Result<ops::Range<u64>, ObjectsError> {
        let (from, until) = match self {
            Self::Between { from, until } => (from, until.min(bytes)),
            Self::From(from) => (from, bytes),
            Self::Last(count) => (bytes.saturating_sub(count), bytes),
        };
        if from < until { Ok(from..until) } else { Err(ObjectsError::BeyondTheEnd { bytes }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_at_the_end_and_refused_beyond_it() {
        let between = |from, until| Range::Between { from, until }.within(10);
        assert_eq!(between(0, 1).ok(), Some(0..1));
        assert_eq!(between(9, 10).ok(), Some(9..10));
        assert_eq!(between(4, 99).ok(), Some(4..10));
        assert_eq!(Range::Last(3).within(10).ok(), Some(7..10));
        assert_eq!(Range::Last(99).within(10).ok(), Some(0..10));
        assert_eq!(Range::From(9).within(10).ok(), Some(9..10));
        for beyond in [between(10, 11), between(5, 5), Range::From(10).within(10), Range::Last(0).within(10)]
        {
            assert!(matches!(beyond, Err(ObjectsError::BeyondTheEnd { bytes: 10 })), "{beyond:?}");
        }
        assert!(Range::Last(1).within(0).is_err());
    }
}
