//! What a client says on a stream: `{"type": "query", "q": …, "actor": …}`, another query from there on.

use custody_domain::query::Query;
use serde_json::{Map, Value};
use utoipa::{IntoParams as _, openapi::path::ParameterIn};

use crate::{
    problem::{Fault, Kind, Problem},
    routes::logs::filters::FilterParameters,
};

/// As long as headers, and so queries in an address, may be.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 << 10;

pub(crate) fn query(text: &str) -> Result<Query, Problem> {
    let mut said: Map<String, Value> = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
    if said.remove("type").is_none_or(|kind| kind != "query") {
        return Err(bad("`type` must be \"query\"".to_owned()));
    }
    let known = FilterParameters::into_params(|| Some(ParameterIn::Query));
    if let Some(unknown) = said.keys().find(|name| known.iter().all(|known| known.name != **name)) {
        return Err(Problem::bad_parameter(unknown.clone(), format!("unknown parameter `{unknown}`")));
    }
    let filters: FilterParameters =
        serde_json::from_value(Value::Object(said)).map_err(|error| bad(error.to_string()))?;
    filters.query()
}

fn bad(detail: String) -> Problem {
    let expected = "A message is an object: {\"type\": \"query\", \"q\": …}, with the filters of an address.";
    Problem::new(Kind::BadRequest, expected).fault(Fault { detail, ..Fault::default() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_message_holds_the_filters_of_an_address() {
        let both = query(r#"{"type":"query","q":"a","action":"iam.*"}"#).unwrap();
        assert_eq!(both, custody_domain::query::parse("a action:iam.*").unwrap());
        assert_eq!(query(r#"{"type":"query"}"#).unwrap(), Query::All);
    }

    #[test]
    fn what_is_no_message_is_refused_with_the_place() {
        let told = |text: &str| String::from_utf8(query(text).unwrap_err().body(None)).unwrap();
        assert!(told("no JSON").contains("bad-request"));
        assert!(told(r#"{"q":"a"}"#).contains("type"));
        assert!(told(r#"{"type":"query","limit":"5"}"#).contains("unknown parameter `limit`"));
        assert!(told(r#"{"type":"query","q":7}"#).contains("bad-request"));
        assert!(told(r#"{"type":"query","q":"actor: x"}"#).contains("\"offset\":6"));
    }
}
