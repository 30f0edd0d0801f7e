//! Query parameters of a known shape.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The query string, read into `T`, which passes over what it does not know: an operation's parameters may
/// be of several shapes. Those that are in none of them were refused before
/// ([`crate::middleware::KnownParameters`]).
#[derive(Clone, Debug)]
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Parameters<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Self)
            .map_err(|error| refuse(&error))
    }
}

fn refuse(error: &serde_path_to_error::Error<serde_urlencoded::de::Error>) -> Problem {
    let detail = error.inner().to_string();
    // serde names one that is doubled in its message alone.
    let quoted = detail.split('`').nth(1).filter(|_| error.path().iter().next().is_none());
    let name = quoted.map_or_else(|| error.path().to_string(), str::to_owned);
    let detail = match &*detail {
        // A `ParseIntError` in the standard library's words, which name no number.
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            format!("`{name}` must be a whole number, 0 or more")
        }
        "number too large to fit in target type" => format!("`{name}` is too large a number"),
        other => other.replace(" field `", " parameter `"),
    };
    Problem::bad_parameter(name, detail)
}
