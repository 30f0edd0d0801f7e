//! How much of an entry may be pointers that the server makes.

/// What a list of pointers may still take. Each pointer repeats the whole way to its value, so a
/// list of them grows with the product of two things that a sender chooses, how many values and how
/// long their keys; it is bounded while it is collected, not after.
#[derive(Clone, Copy, Debug)]
pub struct PointerBudget {
    pointers: usize,
    bytes: usize,
}

/// A list of pointers would outgrow its [`PointerBudget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "more than {} places, or {} bytes of pointers to them",
    PointerBudget::POINTERS_MAX,
    PointerBudget::BYTES_MAX
)]
pub struct TooManyPointers;

impl PointerBudget {
    /// Pointers in one list.
    pub const POINTERS_MAX: usize = 4_096;
    /// Bytes of all pointers of one list together.
    pub const BYTES_MAX: usize = 256 << 10;

    /// Takes what one more pointer needs. The pointer itself may be longer than what is left: it is
    /// a part of one event, and after the first that does not fit no other is made.
    pub fn take(&mut self, pointer: &str) -> Result<(), TooManyPointers> {
        self.pointers = self.pointers.checked_sub(1).ok_or(TooManyPointers)?;
        self.bytes = self.bytes.checked_sub(pointer.len()).ok_or(TooManyPointers)?;
        Ok(())
    }
}

impl Default for PointerBudget {
    fn default() -> Self {
        Self { pointers: Self::POINTERS_MAX, bytes: Self::BYTES_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_to_the_byte() {
        let mut budget = PointerBudget::default();
        assert!((0..PointerBudget::POINTERS_MAX).all(|_| budget.take("/a").is_ok()));
        assert_eq!(budget.take("/a"), Err(TooManyPointers));
        let mut budget = PointerBudget::default();
        assert_eq!(budget.take(&"x".repeat(PointerBudget::BYTES_MAX)), Ok(()));
        assert_eq!(budget.take("x"), Err(TooManyPointers));
    }
}
