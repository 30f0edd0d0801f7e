//! What is wrong with a check that somebody writes, each with its place.

use crate::{FieldFault, ScansError};

#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FieldFault>);

impl Faults {
    pub(super) fn add(&mut self, pointer: &str, detail: impl Into<String>) {
        self.0.push(FieldFault { pointer: pointer.to_owned(), detail: detail.into() });
    }

    /// A text of so many characters.
    pub(super) fn text(&mut self, pointer: &str, text: &str, least: usize, most: usize) {
        if text.contains('\0') {
            self.add(pointer, "must not hold a NUL");
        } else if !(least..=most).contains(&text.chars().count()) {
            self.add(pointer, format!("must have {least} to {most} characters"));
        }
    }

    /// At most so many texts, of so many characters.
    pub(super) fn texts(&mut self, pointer: &str, texts: &[String], most: usize, chars_max: usize) {
        if texts.len() > most {
            self.add(pointer, format!("must be at most {most}"));
        }
        for (at, text) in texts.iter().enumerate().take(most) {
            self.text(&format!("{pointer}/{at}"), text, 1, chars_max);
        }
    }

    pub(super) fn none(self) -> Result<(), ScansError> {
        if self.0.is_empty() { Ok(()) } else { Err(ScansError::Invalid(self.0)) }
    }
}

/// A name as a part of a JSON pointer (RFC 6901).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
