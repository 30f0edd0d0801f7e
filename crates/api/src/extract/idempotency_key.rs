//! `Idempotency-Key`: by which a request that is sent again is known again.

use axum::extract::FromRequestParts;
use http::{HeaderName, request::Parts};

use crate::problem::{Kind, Problem};

pub(crate) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

const LENGTH_MAX: usize = 255;

/// The request's key, if it has one.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|key| {
            (1..=LENGTH_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        });
        if let (Some(key), None) = (key, values.next()) {
            return Ok(Self(Some(key.to_owned())));
        }
        let detail = "Send one Idempotency-Key of 1 to 255 visible ASCII characters, or none.";
        Err(Problem::new(Kind::BadRequest, detail))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use http::Request;

    use super::*;

    async fn of(values: &[&[u8]]) -> Option<Option<String>> {
        let mut request = Request::builder();
        for value in values {
            request = request.header(HEADER, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IdempotencyKey::from_request_parts(&mut parts, &()).await.ok().map(|key| key.0)
    }

    #[tokio::test]
    async fn a_key_is_one_and_short_and_visible() {
        assert_eq!(of(&[]).await, Some(None));
        assert_eq!(of(&[b"\"8e03978e\""]).await, Some(Some("\"8e03978e\"".to_owned())));
        let longest = [b'k'; 255];
        assert!(of(&[&longest]).await.is_some());
        let refused: [&[&[u8]]; 5] = [&[b""], &[&[b'k'; 256]], &[b"a b"], &[b"\xc3\xa9"], &[b"a", b"a"]];
        for values in refused {
            assert_eq!(of(values).await, None, "{values:?}");
        }
    }
}
