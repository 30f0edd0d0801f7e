//! A row grant in a body.

use custody_auth::{RowGrant, RowGrantError};

use crate::problem::{Fault, Kind, Problem};

/// The member `grant`: a query, or null.
pub(crate) fn read(text: Option<&str>) -> Result<Option<RowGrant>, Problem> {
    text.map(|text| RowGrant::parse(text).map_err(refused)).transpose()
}

fn refused(error: RowGrantError) -> Problem {
    let fault = match error {
        RowGrantError::Syntax(error) => Fault {
            offset: Some(error.position),
            hint: Some(error.hint),
            ..Fault::at("/grant", error.detail)
        },
        RowGrantError::Everything => {
            Fault { hint: Some("send null for that".to_owned()), ..Fault::at("/grant", "gives every entry") }
        }
        RowGrantError::Nul => Fault::at("/grant", "must not hold a NUL"),
    };
    Problem::new(Kind::Invalid, "`grant` cannot be used.").fault(fault)
}
