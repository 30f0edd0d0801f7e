//! From a text to a [`Query`], by recursive descent.

use super::{
    Query, Words,
    lexer::{Bare, Kind, Token, lex},
    vocabulary::{Refusal, Vocabulary},
};

/// The longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 8_192;

/// The deepest nesting of parentheses and negations.
pub const DEPTH_MAX: usize = 32;

/// The most clauses; each token of a phrase counts as one.
pub const CLAUSES_MAX: usize = 256;

/// Why a text is no query, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail} (at character {position})")]
pub struct SyntaxError {
    /// Characters (Unicode scalar values) before the place, from 0.
    pub position: usize,
    /// Bytes of UTF-8 before the place, from 0.
    pub byte: usize,
    pub detail: String,
    /// What to write instead.
    pub hint: String,
}

impl SyntaxError {
    pub(super) fn new(text: &str, byte: usize, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        Self {
            position: before.chars().count(),
            byte: before.len(),
            detail: detail.into(),
            hint: hint.into(),
        }
    }
}

/// Reads a query about entries. Nothing but spaces is every entry. What is read can be rendered, and read again: jobs,
/// cursors and streams keep it in that form.
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    parse_in(text)
}

/// Reads a query in any vocabulary.
pub(crate) fn parse_in<C: Vocabulary>(text: &str) -> Result<Query<C>, SyntaxError> {
    let query = read(text)?;
    match within_bounds(&query) {
        Ok(()) => Ok(query),
        Err(WrittenOut { detail, hint }) => Err(SyntaxError::new(text, 0, detail, hint)),
    }
}

/// A query that is within the bounds as it was written, and beyond them in its one form: a day is two
/// times there, and alternatives of several terms stand in parentheses.
#[derive(Debug)]
pub(crate) struct WrittenOut {
    pub(crate) detail: String,
    pub(crate) hint: String,
}

pub(crate) fn within_bounds<C: Vocabulary>(query: &Query<C>) -> Result<(), WrittenOut> {
    match read::<C>(&query.render()) {
        Ok(_) => Ok(()),
        Err(error) => Err(WrittenOut { detail: format!("written out, {}", error.detail), hint: error.hint }),
    }
}

fn read<C: Vocabulary>(text: &str) -> Result<Query<C>, SyntaxError> {
    if text.len() > QUERY_BYTES_MAX {
        return Err(SyntaxError::new(
            text,
            text.floor_char_boundary(QUERY_BYTES_MAX),
            format!("the query is longer than {QUERY_BYTES_MAX} bytes"),
            "ask for less at once",
        ));
    }
    let mut parser = Parser { text, tokens: lex(text, &C::EXAMPLES)?.into_iter().peekable(), clauses: 0 };
    if parser.tokens.peek().is_none() {
        return Ok(Query::All);
    }
    let query = parser.any(0)?;
    match parser.tokens.next() {
        None => Ok(query),
        // `any` ends at the end or at a parenthesis that nobody opened.
        Some(token) => {
            Err(parser.error(token.at, "this `)` closes nothing", "remove it, or put it in double quotes"))
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    clauses: usize,
}

impl Parser<'_> {
    fn any<C: Vocabulary>(&mut self, depth: usize) -> Result<Query<C>, SyntaxError> {
        let mut alternatives = vec![self.all(depth)?];
        while self.tokens.next_if(|token| token.kind == Kind::Or).is_some() {
            alternatives.push(self.all(depth)?);
        }
        Ok(Query::or(alternatives))
    }

    fn all<C: Vocabulary>(&mut self, depth: usize) -> Result<Query<C>, SyntaxError> {
        let mut parts = vec![self.one(depth)?];
        while let Some(token) = self.tokens.peek() {
            match token.kind {
                Kind::Or | Kind::Close => break,
                Kind::And => {
                    self.tokens.next();
                }
                _ => {}
            }
            parts.push(self.one(depth)?);
        }
        Ok(Query::and(parts))
    }

    fn one<C: Vocabulary>(&mut self, depth: usize) -> Result<Query<C>, SyntaxError> {
        let Some(token) = self.tokens.next() else {
            return Err(self.error(
                self.text.len(),
                "the query ends where a term should stand",
                "complete it, or put AND, OR, NOT in double quotes to look for the word",
            ));
        };
        if depth > DEPTH_MAX {
            return Err(self.error(
                token.at,
                format!("groups and negations are nested more than {DEPTH_MAX} deep"),
                "flatten the query",
            ));
        }
        match token.kind {
            Kind::Not => Ok(Query::negated(self.one(depth + 1)?)),
            Kind::Open => {
                let inner = self.any(depth + 1)?;
                match self.tokens.next() {
                    Some(_) => Ok(inner),
                    None => Err(self.error(token.at, "this `(` is not closed", "add a `)`")),
                }
            }
            Kind::And | Kind::Or | Kind::Close => Err(self.error(
                token.at,
                "a term should stand here",
                "AND and OR stand between two terms; to look for the word or the sign itself, put it in double quotes",
            )),
            Kind::Phrase(phrase) => self.words(token.at, Words::phrase(&phrase)),
            Kind::Word(word) => self.word(token.at, &word),
            Kind::Exists { path, path_at } => self.exists(&path, path_at),
            Kind::Field { name, comparison, value, value_at } => {
                let query = C::term(&name, comparison, &value)
                    .ok_or_else(|| self.unknown_field::<C>(token.at, &name))?
                    .map_err(|refusal| self.error(value_at, refusal.detail, refusal.hint))?;
                let count = match &query {
                    Query::Clause(clause) => clause.words(),
                    _ => 1,
                };
                self.count(token.at, count)?;
                Ok(query)
            }
        }
    }

    fn word<C: Vocabulary>(&mut self, at: usize, word: &Bare) -> Result<Query<C>, SyntaxError> {
        if word.is_only_stars() {
            self.count(at, 1)?;
            return Ok(Query::All);
        }
        match word.0.as_slice() {
            [literal] => {
                if let Some((name, value)) = literal.split_once('=')
                    && let name = name.trim_end_matches('!')
                    && C::has(name)
                {
                    return Err(self.error(
                        at + name.len(),
                        format!("`=` is no comparison of `{name}`"),
                        format!("write `{name}:{value}`, and `-{name}:{value}` for the opposite"),
                    ));
                }
                self.words(at, Words::phrase(literal))
            }
            [beginning, end] if end.is_empty() && Words::phrase(beginning).is_some() => {
                let Some(words) = Words::prefix(beginning) else {
                    return Err(self.star_misplaced::<C>(at));
                };
                self.words(at, Some(words))
            }
            _ => Err(self.star_misplaced::<C>(at)),
        }
    }

    fn words<C: Vocabulary>(&mut self, at: usize, words: Option<Words>) -> Result<Query<C>, SyntaxError> {
        let Some(words) = words else {
            return Err(self.error(
                at,
                "there is no letter and no digit to look for",
                "free text is made of words; write OR for alternatives and `-` or NOT for the opposite",
            ));
        };
        self.count(at, words.count())?;
        Ok(C::text(words).into())
    }

    fn exists<C: Vocabulary>(&mut self, path: &str, at: usize) -> Result<Query<C>, SyntaxError> {
        let clause = C::exists(path).ok_or_else(|| self.unknown_field::<C>(at, path))?;
        self.count(at, 1)?;
        Ok(clause.into())
    }

    fn count(&mut self, at: usize, more: usize) -> Result<(), SyntaxError> {
        self.clauses += more;
        if self.clauses > CLAUSES_MAX {
            return Err(self.error(
                at,
                format!("the query has more than {CLAUSES_MAX} clauses (each word of a phrase is one)"),
                "ask for less at once",
            ));
        }
        Ok(())
    }

    fn star_misplaced<C: Vocabulary>(&self, at: usize) -> SyntaxError {
        self.error(
            at,
            "in free text `*` can only stand at the end of one word",
            format!("write `acces*`; fields take it anywhere: `{}`", C::EXAMPLES.pattern),
        )
    }

    fn unknown_field<C: Vocabulary>(&self, at: usize, name: &str) -> SyntaxError {
        let Refusal { detail, hint } = C::unknown(short(name));
        self.error(at, detail, hint)
    }

    fn error(&self, at: usize, detail: impl Into<String>, hint: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.text, at, detail, hint)
    }
}

/// Enough of a name to be recognised in a message.
fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(64)]
}
