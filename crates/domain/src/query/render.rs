//! From a [`Query`] back to its text: one form a tree, which parses to that tree again.

use std::fmt::{self, Write as _};

use super::{Clause, Path, Pattern, Query, Root, ValueTest, Words};

impl<C: fmt::Display> Query<C> {
    /// The canonical text. Equal trees have equal texts.
    pub fn render(&self) -> String {
        self.to_string()
    }

    fn operand(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => write!(f, "({self})"),
            _ => write!(f, "{self}"),
        }
    }
}

impl<C: fmt::Display> fmt::Display for Query<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (several, between) = match self {
            Self::All => return f.write_char('*'),
            Self::Clause(clause) => return write!(f, "{clause}"),
            Self::Not(inner) => {
                f.write_char('-')?;
                return inner.operand(f);
            }
            Self::And(several) => (several, " "),
            Self::Or(several) => (several, " OR "),
        };
        for (at, query) in several.iter().enumerate() {
            if at > 0 {
                f.write_str(between)?;
            }
            query.operand(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(words) => write!(f, "{words}"),
            Self::Message(words) => write!(f, "message:{words}"),
            Self::Exists(path) => write!(f, "exists:{path}"),
            Self::Is { field, pattern } => write!(f, "{}:{pattern}", field.name()),
            Self::Value { root, path, test } => {
                within(f, *root, path)?;
                write!(f, "{test}")
            }
            Self::Id(id) => write!(f, "id:{id}"),
            Self::Number { field, comparison, number } => {
                write!(f, "{}{}{number}", field.name(), comparison.as_str())
            }
            Self::Severity { comparison, severity } => {
                write!(f, "severity{}{severity}", comparison.as_str())
            }
            Self::Outcome(outcome) => write!(f, "outcome:{outcome}"),
            Self::Address { field, network } => write!(f, "{}:{network}", field.name()),
            Self::Time { field, comparison, instant } => {
                write!(f, "{}{}{instant}", field.name(), comparison.as_str())
            }
        }
    }
}

impl fmt::Display for ValueTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(pattern) => write!(f, ":{pattern}"),
            Self::Ordered(order, number) => {
                write!(f, "{}{number}", super::Comparison::from(*order).as_str())
            }
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => write!(f, "{}*", prefix.as_str()),
            // Tokens are folded letters and digits: never a keyword, never in need of an escape.
            Self::Phrase(phrase) => match phrase.tokens() {
                [token] => f.write_str(token),
                tokens => write!(f, "\"{}\"", tokens.join(" ")),
            },
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(name) => f.write_str(name),
            Self::Within(root, path) => within(f, *root, path),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wildcard = match self {
            Self::Literal(literal) => return text(f, literal),
            Self::Wildcard(wildcard) => wildcard,
        };
        for (at, piece) in wildcard.pieces().iter().enumerate() {
            if at > 0 {
                f.write_char('*')?;
            }
            for c in piece.chars() {
                if !is_plain(c) && !c.is_alphanumeric() {
                    f.write_char('\\')?;
                }
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

fn within(f: &mut fmt::Formatter<'_>, root: Root, path: &str) -> fmt::Result {
    write!(f, "{}.", root.name())?;
    // A colon would end the name.
    if path.contains(':') { quoted(f, path) } else { text(f, path) }
}

fn text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if !text.is_empty() && text.chars().all(is_plain) {
        return f.write_str(text);
    }
    quoted(f, text)
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

/// Characters that mean themselves wherever they stand in a value.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '+' | '#' | '%' | ',')
}
