//! `Content-Type` of requests.

use http::{HeaderMap, header};

use crate::problem::Problem;

/// The two forms that a body may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/json`, or any `+json`.
    Json,
    /// `application/x-ndjson` and its other names: one JSON value a line.
    NdJson,
}

/// What the header says, if it is one of `accepted`; else 415, naming what would do.
pub(crate) fn media_type(headers: &HeaderMap, accepted: &[MediaType]) -> Result<MediaType, Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset =
        parts.filter_map(|p| p.trim().split_once('=')).find(|(k, _)| k.eq_ignore_ascii_case("charset"));
    let utf8 = charset.is_none_or(|(_, v)| v.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    let found = match essence.as_str() {
        "application/json" => Some(MediaType::Json),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            Some(MediaType::NdJson)
        }
        other if other.starts_with("application/") && other.ends_with("+json") => Some(MediaType::Json),
        _ => None,
    };
    match found {
        Some(found) if utf8 && accepted.contains(&found) => Ok(found),
        _ => {
            let names: Vec<_> = accepted.iter().map(|m| m.name()).collect();
            Err(Problem::unsupported_media_type(format!(
                "Send Content-Type: {}, in UTF-8.",
                names.join(" or ")
            )))
        }
    }
}

impl MediaType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::NdJson => "application/x-ndjson",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
        media_type(&headers, &[MediaType::Json, MediaType::NdJson]).ok()
    }

    #[test]
    fn json_is_known_under_its_names_and_in_utf8_alone() {
        assert_eq!(of("application/json"), Some(MediaType::Json));
        assert_eq!(of("Application/JSON; charset=\"UTF-8\""), Some(MediaType::Json));
        assert_eq!(of("application/cloudevents+json"), Some(MediaType::Json));
        assert_eq!(of("application/x-ndjson"), Some(MediaType::NdJson));
        assert_eq!(of("application/json; charset=latin1"), None);
        assert_eq!(of("text/plain"), None);
        assert!(media_type(&HeaderMap::new(), &[MediaType::Json]).is_err());
    }
}
