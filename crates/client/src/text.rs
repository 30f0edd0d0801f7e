//! Text from a log, made safe to show on a terminal.

use std::fmt::Write as _;

/// Whether a terminal could act on it instead of showing it: control characters, and the marks
/// that reorder what follows them (Unicode bidirectional controls), which can make one name look
/// like another.
fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with everything that a terminal would act on written as `\u{1b}`. An attacker chooses
/// user agents and names; an entry must not be able to repaint the screen of who reads it.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Like [`shown`], but keeps line breaks: for text of several lines.
pub fn shown_lines(text: &str) -> String {
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

/// A time of the server's, to the second.
pub(crate) fn second(time: &str) -> String {
    // Its times are in UTC: `2026-01-31T08:30:00.123456Z`.
    format!("{}Z", shown(time.get(..19).unwrap_or(time)))
}

/// `1 entry`, `2 entries`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_written_out() {
        assert_eq!(shown("a\u{1b}[2Jb\n\u{9b}c\u{202e}"), "a\\u{1b}[2Jb\\u{a}\\u{9b}c\\u{202e}");
        assert_eq!(shown_lines("{\n  \"a\u{7}\"\n}"), "{\n  \"a\\u{7}\"\n}");
    }

    #[test]
    fn other_scripts_are_left_alone() {
        assert_eq!(shown("Zoë 東京 🙂"), "Zoë 東京 🙂");
    }
}
