//! From characters to tokens. Knows quoting and escapes, but no field by name.

use super::{Comparison, SyntaxError, vocabulary::Examples};

/// One token and where it begins, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Open,
    Close,
    And,
    Or,
    Not,
    Phrase(String),
    Word(Bare),
    Exists { path: String, path_at: usize },
    Field { name: String, comparison: Comparison, value: Given, value_at: usize },
}

/// A value as it was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    Quoted(String),
    Bare(Bare),
}

impl Given {
    /// `:*` is asked: whether there is a value at all.
    pub(crate) fn is_any(&self, comparison: Comparison) -> bool {
        comparison == Comparison::Equal && matches!(self, Self::Bare(bare) if bare.is_only_stars())
    }
}

/// The texts between the unescaped stars of an unquoted text: one where it has no star.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bare(pub(crate) Vec<String>);

impl Bare {
    pub(super) fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [literal] => Some(literal),
            _ => None,
        }
    }

    pub(super) fn is_only_stars(&self) -> bool {
        self.0.len() > 1 && self.0.iter().all(String::is_empty)
    }
}

pub(super) fn lex(text: &str, examples: &Examples) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0, examples };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_spaces();
        if lexer.peek().is_none() {
            return Ok(tokens);
        }
        let at = lexer.at;
        let kind = lexer.token()?;
        tokens.push(Token { at, kind });
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    examples: &'t Examples,
}

impl Lexer<'_> {
    fn token(&mut self) -> Result<Kind, SyntaxError> {
        match self.peek() {
            Some('(') => Ok(self.single(Kind::Open)),
            Some(')') => Ok(self.single(Kind::Close)),
            Some('"') => {
                let phrase = self.quoted()?;
                self.boundary()?;
                Ok(Kind::Phrase(phrase))
            }
            Some('-') => {
                let at = self.at;
                self.at += 1;
                if self.peek().is_none_or(|c| c.is_whitespace() || c == ')') {
                    return Err(self.error(
                        at,
                        "`-` has nothing to exclude",
                        format!(
                            "write it right before a word, a field or a group: `{}`",
                            self.examples.excluded
                        ),
                    ));
                }
                Ok(Kind::Not)
            }
            _ => self.word_or_field(),
        }
    }

    fn word_or_field(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.at;
        let (word, quoted) = self.run(true)?;
        let Some(comparison) = self.comparison() else {
            if quoted {
                return Err(self.error(
                    start,
                    "this path has no value",
                    "write `field:value` or `exists:field`",
                ));
            }
            return Ok(match &self.text[start..self.at] {
                "AND" => Kind::And,
                "OR" => Kind::Or,
                "NOT" => Kind::Not,
                _ => Kind::Word(word),
            });
        };
        let Some(name) = word.as_literal().filter(|name| !name.is_empty()).map(str::to_owned) else {
            return Err(self.error(
                start,
                "a field's name is missing here, or has a `*` in it",
                "to look for this text itself, put it in double quotes",
            ));
        };
        if name == "exists" && comparison == Comparison::Equal {
            return self.exists();
        }
        let value_at = self.at;
        let value = self.value(&name, comparison)?;
        Ok(Kind::Field { name, comparison, value, value_at })
    }

    fn exists(&mut self) -> Result<Kind, SyntaxError> {
        let path_at = self.at;
        let path = if self.peek() == Some('"') { self.quoted()? } else { self.run(true)?.0.0.join("*") };
        self.boundary()?;
        if path.is_empty() {
            return Err(self.error(
                path_at,
                "the name of a field is missing",
                format!("for example `{}`", self.examples.exists),
            ));
        }
        Ok(Kind::Exists { path, path_at })
    }

    fn value(&mut self, name: &str, comparison: Comparison) -> Result<Given, SyntaxError> {
        let at = self.at;
        let wrong = match self.peek() {
            Some('"') => {
                let value = self.quoted()?;
                self.boundary()?;
                return Ok(Given::Quoted(value));
            }
            Some('(') => format!("alternatives are whole terms: `({name}:a OR {name}:b)`"),
            Some('<' | '>') => format!("an order is written without the colon: `{name}>=…`"),
            Some('=') => format!("write `{name}:value`, or `{name}>=value` for an order"),
            _ => {
                let (value, _) = self.run(false)?;
                if value.0.len() > 1 || !value.0.iter().all(String::is_empty) {
                    self.boundary()?;
                    return Ok(Given::Bare(value));
                }
                format!("an empty value is written `{name}:\"\"`, any value `exists:{name}`")
            }
        };
        Err(self.error(at, format!("`{name}{}` has no value", comparison.as_str()), wrong))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let rest = &self.text[self.at..];
        let comparison =
            [Comparison::AtLeast, Comparison::AtMost, Comparison::More, Comparison::Less, Comparison::Equal]
                .into_iter()
                .find(|comparison| rest.starts_with(comparison.as_str()))?;
        self.at += comparison.as_str().len();
        Some(comparison)
    }

    /// Characters up to a space, a parenthesis or a quote; as a name also up to a comparison, and
    /// with quoted pieces after a dot. Says whether there was one.
    fn run(&mut self, as_name: bool) -> Result<(Bare, bool), SyntaxError> {
        let mut pieces = vec![String::new()];
        let mut quoted = false;
        while let Some(c) = self.peek() {
            let text = match c {
                '"' if as_name && self.text[..self.at].ends_with('.') => {
                    quoted = true;
                    self.quoted()?
                }
                ':' | '<' | '>' if as_name => break,
                '(' | ')' | '"' => break,
                c if c.is_whitespace() => break,
                '*' => {
                    self.at += 1;
                    pieces.push(String::new());
                    continue;
                }
                '\\' => self.escaped().to_string(),
                c => {
                    self.at += c.len_utf8();
                    c.to_string()
                }
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push_str(&text);
            }
        }
        Ok((Bare(pieces), quoted))
    }

    /// A backslash takes its meaning from what follows that is no letter and no digit; before those
    /// it is itself, so that `CORP\alice` needs no care.
    fn escaped(&mut self) -> char {
        self.at += 1;
        match self.peek() {
            Some(c) if !c.is_alphanumeric() => {
                self.at += c.len_utf8();
                c
            }
            _ => '\\',
        }
    }

    /// A text in double quotes; within, `\"` is a quote and `\\` a backslash.
    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(text),
                '\\' => match self.peek() {
                    Some(next @ ('"' | '\\')) => {
                        self.at += 1;
                        text.push(next);
                    }
                    _ => text.push('\\'),
                },
                c => text.push(c),
            }
        }
        Err(self.error(
            start,
            "this quote is not closed",
            "add a `\"`; a quote within quotes is written `\\\"`",
        ))
    }

    /// After a quoted text or a value comes a space, a parenthesis or the end.
    fn boundary(&self) -> Result<(), SyntaxError> {
        match self.peek() {
            None | Some('(' | ')') => Ok(()),
            Some(c) if c.is_whitespace() => Ok(()),
            Some(_) => Err(self.error(
                self.at,
                "a quote begins or ends in the middle of a word",
                "leave a space, or put the whole value in quotes",
            )),
        }
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn skip_spaces(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn error(&self, at: usize, detail: impl Into<String>, hint: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.text, at, detail, hint)
    }
}
