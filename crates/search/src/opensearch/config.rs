//! Where the node is, and how its indices are laid out.

use std::{fmt, str::FromStr, time::Duration};

use custody_domain::TenantId;
use reqwest::Url;

/// An address of OpenSearch's HTTP, and who asks there.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Without a slash at its end.
    pub(super) url: String,
    pub(super) user: Option<(String, String)>,
}

/// The text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must look like opensearch+http://host:9200 or opensearch+https://user:password@host")]
pub struct NotAnEndpoint;

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl FromStr for Endpoint {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = text.strip_prefix("opensearch+").ok_or(NotAnEndpoint)?;
        let mut url = Url::parse(url).map_err(|_| NotAnEndpoint)?;
        if !matches!(url.scheme(), "http" | "https")
            || url.host_str().is_none_or(str::is_empty)
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(NotAnEndpoint);
        }
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8()
                .map(String::from)
                .map_err(|_| NotAnEndpoint)
        };
        let user = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decoded(user)?, decoded(password.unwrap_or_default())?)),
        };
        url.set_username("").map_err(|()| NotAnEndpoint)?;
        url.set_password(None).map_err(|()| NotAnEndpoint)?;
        Ok(Self { url: url.as_str().trim_end_matches('/').to_owned(), user })
    }
}

#[derive(Clone, Debug)]
pub struct OpenSearchConfig {
    pub endpoint: Endpoint,
    /// What the names of all indices begin with; of this installation alone. Lower case.
    pub prefix: String,
    /// Tenants with indices of their own. Taken over when the index is begun anew.
    pub own: Vec<TenantId>,
    /// Of an index, one of which holds a week. Taken over when the index is begun anew.
    pub shards: u16,
    /// Entries that a request reads from the log because they cannot be found yet.
    pub cover_max: u64,
    /// How long the node may look for one request.
    pub time_max: Duration,
    /// What a node has not answered after so long, it does not answer.
    pub answer_max: Duration,
    /// Entries of the ledger that are looked at because a reader may not see all.
    pub read_max: u64,
    /// Bytes of content on a page.
    pub page_bytes_max: usize,
}

impl OpenSearchConfig {
    pub fn new(endpoint: Endpoint, prefix: impl Into<String>) -> Self {
        Self {
            endpoint,
            prefix: prefix.into(),
            own: Vec::new(),
            shards: 4,
            cover_max: 65_536,
            time_max: Duration::from_secs(2),
            answer_max: Duration::from_secs(4),
            read_max: 20_000,
            page_bytes_max: 16 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn an_endpoint_keeps_its_password_to_itself() {
        let endpoint: Endpoint = "opensearch+https://me:p%40ss@node.example:9200/".parse().unwrap();
        assert_eq!(endpoint.to_string(), "https://node.example:9200");
        assert_eq!(endpoint.user, Some(("me".to_owned(), "p@ss".to_owned())));
        assert!(!format!("{endpoint:?}").contains("p@ss"));
        let plain: Endpoint = "opensearch+http://127.0.0.1:9200".parse().unwrap();
        assert_eq!((plain.to_string().as_str(), plain.user), ("http://127.0.0.1:9200", None));
        for wrong in
            ["http://a", "opensearch+ftp://a", "opensearch+http://", "opensearch+http://a?b", "tantivy"]
        {
            assert_eq!(wrong.parse::<Endpoint>(), Err(NotAnEndpoint), "{wrong}");
        }
    }
}
