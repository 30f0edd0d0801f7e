//! What answers searches.

use std::str::FromStr;

use custody_search::opensearch::{Endpoint, NotAnEndpoint};
use serde::{Deserialize, Deserializer};

/// `tantivy`, or the address of an OpenSearch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Tantivy,
    OpenSearch(Endpoint),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is `tantivy`, or looks like opensearch+http://host:9200 or opensearch+https://user:password@host"
)]
pub(crate) struct NoEngine;

impl From<NotAnEndpoint> for NoEngine {
    fn from(_: NotAnEndpoint) -> Self {
        Self
    }
}

impl FromStr for Engine {
    type Err = NoEngine;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "tantivy" { Ok(Self::Tantivy) } else { Ok(Self::OpenSearch(text.parse()?)) }
    }
}

impl<'de> Deserialize<'de> for Engine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The value as it may be shown: without the password of an address.
pub(crate) fn without_password(value: String) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority_end].rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://…@{host}{}", &rest[authority_end..]),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_named_or_addressed() {
        assert_eq!("tantivy".parse(), Ok(Engine::Tantivy));
        assert!(matches!("opensearch+http://127.0.0.1:9200".parse(), Ok(Engine::OpenSearch(_))));
        for wrong in ["", "lucene", "http://127.0.0.1:9200", "opensearch"] {
            assert_eq!(wrong.parse::<Engine>(), Err(NoEngine), "{wrong}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let shown = |text: &str| without_password(text.to_owned());
        assert_eq!(shown("opensearch+https://me:p@ss@node:9200/x"), "opensearch+https://…@node:9200/x");
        assert_eq!(shown("s3://bucket/a@b"), "s3://bucket/a@b");
        assert_eq!(shown("tantivy"), "tantivy");
    }
}
