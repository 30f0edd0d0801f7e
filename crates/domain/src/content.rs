//! What an entry's content may be: the JSON object that a client (or a mapping of a source format)
//! makes and the ledger commits to. Shapes and bounds here are the contract of `POST /logs`.

mod bounds;
mod check;
mod known;
mod size;

pub use bounds::*;
pub use check::validate;

use crate::{
    canonical::normalise_numbers,
    json::{Object, TooManyPointers, Value},
};

/// On whose behalf an entry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// Anyone outside: members and actions that are the server's alone are refused.
    Client,
    /// Custody itself.
    System,
}

/// One thing that is wrong with a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer of the member at fault; it need not exist.
    pub pointer: String,
    pub kind: ViolationKind,
    /// What is wrong and what would be right, for a person. Repeats no value.
    pub detail: String,
}

/// What a violation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViolationKind {
    /// A member is missing, unknown, the server's, or of the wrong kind.
    Schema,
    /// `occurred_at` is no time with an offset, or out of range.
    Time,
    /// A text or the whole is too long.
    Size,
    /// A NUL in a member that has a column.
    Encoding,
    Depth,
    /// `custody.*` from a client.
    ReservedAction,
}

/// Makes `content` what is committed: numbers that a double would change become their source text,
/// and `number_as_text` names them (and is absent where there are none). The last step before
/// [`crate::commitment::commit`]. A content with so many such numbers that the list of them would be
/// larger than [`crate::json::PointerBudget`] cannot become an entry, and is left half changed.
pub fn normalise(content: &mut Object<'_>) -> Result<(), TooManyPointers> {
    content.remove("number_as_text");
    let changed = normalise_numbers(content)?;
    if !changed.is_empty() {
        let pointers = changed.into_iter().map(Value::from).collect();
        content.insert("number_as_text", Value::Array(pointers));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
