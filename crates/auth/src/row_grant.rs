//! A row grant as an admin wrote it: the query whose entries somebody may read.

use custody_domain::query::{self, Query, SyntaxError};

/// What a membership carries of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RowGrant {
    text: std::sync::Arc<str>,
    query: std::sync::Arc<Query>,
}

/// Why a text is no row grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowGrantError {
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    #[error("it gives every entry; leave the grant away for that")]
    Everything,
    /// The database keeps no text with one.
    #[error("it holds a NUL")]
    Nul,
}

impl PartialEq for RowGrant {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for RowGrant {}

impl RowGrant {
    pub fn parse(text: &str) -> Result<Self, RowGrantError> {
        if text.contains('\0') {
            return Err(RowGrantError::Nul);
        }
        match query::parse(text)? {
            Query::All => Err(RowGrantError::Everything),
            query => Ok(Self { text: text.into(), query: query.into() }),
        }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn query(&self) -> &Query {
        &self.query
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_a_query_that_leaves_something_out() {
        let grant = RowGrant::parse("resource.type:bucket -actor:root").unwrap();
        assert_eq!(grant.text(), "resource.type:bucket -actor:root");
        assert_eq!(
            *grant.query(),
            query::parse("-actor:root")
                .map(|q| Query::and([query::parse("resource.type:bucket").unwrap(), q]))
                .unwrap()
        );
        for text in ["", "  ", "*", "* *"] {
            assert_eq!(RowGrant::parse(text), Err(RowGrantError::Everything), "{text:?}");
        }
        assert_eq!(RowGrant::parse("\"a\0b\""), Err(RowGrantError::Nul));
        let Err(RowGrantError::Syntax(error)) = RowGrant::parse("actor:x (") else { panic!("it parsed") };
        assert_eq!(error.position, 9);
    }
}
