//! Others' words in Markdown: whatever they hold, they are read as they are.

use std::fmt::Write as _;

use super::super::rich::{Block, Span, Style, blocks};

/// In a line: no sign of it is Markdown's or HTML's, no break ends it.
pub(super) fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 16);
    for (at, sign) in words.char_indices() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(sign);
            }
            // What would begin a heading, a list or a rule.
            '#' | '-' | '+' | '=' if at == 0 => {
                out.push('\\');
                out.push(sign);
            }
            '.' | ')' if words[..at].bytes().all(|byte| byte.is_ascii_digit()) => {
                out.push('\\');
                out.push(sign);
            }
            // An address is no link.
            ':' if words[at + 1..].starts_with("//") => out.push_str("\\:"),
            sign if sign.is_control() || sign == '\u{2028}' || sign == '\u{2029}' => out.push(' '),
            sign => out.push(sign),
        }
    }
    out
}

/// As code, within a line; in a table a bar ends the cell even there.
pub(super) fn code(words: &str) -> String {
    if words.is_empty() {
        return String::new();
    }
    let line: String = words.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    // Only in tables is `\|` a bar again; elsewhere a bar in code is told as text.
    if line.contains('|') || line.trim().is_empty() {
        return text(&line);
    }
    let fence = "`".repeat(longest_run(&line) + 1);
    let pad = if line.starts_with(['`', ' ']) || line.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

fn longest_run(words: &str) -> usize {
    words.split(|sign| sign != '`').map(str::len).max().unwrap_or(0)
}

/// An engine's text, each line behind `indent`.
pub(super) fn rich(markdown: &str, indent: &str, out: &mut String) {
    write_blocks(&blocks(markdown), indent, out);
}

fn write_blocks(blocks: &[Block], indent: &str, out: &mut String) {
    for block in blocks {
        match block {
            Block::Paragraph { spans } => {
                out.push_str(indent);
                out.push_str(&line(spans));
                out.push_str("\n\n");
            }
            Block::Code { text } => write_code(text, indent, out),
            Block::List { ordered, items } => {
                for (n, item) in items.iter().enumerate() {
                    let mark = if *ordered { format!("{}. ", n + 1) } else { "- ".to_owned() };
                    let mut inner = String::new();
                    write_blocks(item, &format!("{indent}{}", " ".repeat(mark.len())), &mut inner);
                    out.push_str(indent);
                    out.push_str(&mark);
                    out.push_str(inner.trim_start());
                    // Items stand close together.
                    out.truncate(out.trim_end().len());
                    out.push('\n');
                }
                out.push('\n');
            }
        }
    }
}

fn write_code(code: &str, indent: &str, out: &mut String) {
    let fence = "`".repeat(longest_run(code).max(2) + 1);
    let _ = writeln!(out, "{indent}{fence}");
    for line in code.lines() {
        let line: String = line.chars().filter(|sign| *sign == '\t' || !sign.is_control()).collect();
        out.push_str(format!("{indent}{line}").trim_end());
        out.push('\n');
    }
    let _ = write!(out, "{indent}{fence}\n\n");
}

fn line(spans: &[Span]) -> String {
    let mut out = String::new();
    for (n, span) in spans.iter().enumerate() {
        // Of a line's first words alone can a sign begin a list.
        let words = if n == 0 { text(&span.text) } else { text(&format!("x{}", span.text))[1..].to_owned() };
        let mark = match span.style {
            Style::Plain => "",
            Style::Strong => "**",
            Style::Emphasis => "*",
            Style::Code => {
                out.push_str(&code(&span.text));
                continue;
            }
        };
        // Marks stand at words, not at the space around them.
        let inner = words.trim();
        if inner.is_empty() || mark.is_empty() {
            out.push_str(&words);
            continue;
        }
        let (before, after) = (words.starts_with(' '), words.ends_with(' '));
        out.push_str(if before { " " } else { "" });
        let _ = write!(out, "{mark}{inner}{mark}");
        out.push_str(if after { " " } else { "" });
    }
    out
}

/// A table; its cells are Markdown already.
pub(super) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    out: &mut String,
) {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    out.push_str(&row(&head.map(str::to_owned)));
    out.push_str(&row(&head.map(|_| "---".to_owned())));
    for cells in rows {
        out.push_str(&row(&cells));
    }
    out.push('\n');
}
