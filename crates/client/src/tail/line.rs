//! An entry as a line for people.

use console::{Alignment, pad_str};
use serde_json::value::RawValue;

use crate::row::Row;

/// Wide enough for most; a longer cell moves the rest of its own line alone, for nobody knows what
/// comes after it.
const WIDTHS: [usize; 7] = [20, 8, 20, 24, 24, 7, 0];

pub(super) fn line(entry: &RawValue) -> String {
    let Row(cells) = Row::of(entry);
    let padded = cells.iter().zip(WIDTHS).map(|(cell, width)| pad_str(cell, width, Alignment::Left, None));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn nothing_is_cut_and_most_lines_up() {
        let entry = |actor: &str| {
            let json = format!(
                r#"{{"received_at":"2024-01-01T00:00:00.000Z","actor":{{"id":"{actor}"}},"action":"iam.CreateUser"}}"#
            );
            line(&RawValue::from_string(json).unwrap())
        };
        assert_eq!(
            entry("ann"),
            "2024-01-01T00:00:00Z  INFO      ann                   iam.CreateUser            -                         unknown  -"
        );
        assert!(entry(&"x".repeat(50)).contains(&format!("{}  iam.CreateUser", "x".repeat(50))));
    }
}
