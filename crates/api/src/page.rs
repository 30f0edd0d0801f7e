//! Lists: `{"items": […], "next_cursor": …}` and `Link: rel="next"` (RFC 8288).

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use custody_store::{self as store, PageRequest};
use http::{HeaderValue, Uri, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;

pub(crate) const LIMIT_DEFAULT: u32 = 50;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Goes into `cursor` for the next page; null on the last.
    pub(crate) next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of the store, each row in the shape that is answered.
    pub(crate) fn of<R>(page: store::Page<R>, shape: impl FnMut(R) -> T) -> Self {
        Self { items: page.items.into_iter().map(shape).collect(), next_cursor: page.next.map(cursor) }
    }

    /// A page of `limit` of these items, which hold one more than that where there is a next page.
    /// `key` is what the list is sorted by, and so what its cursor holds.
    pub(crate) fn cut<K: AsRef<[u8]>>(mut items: Vec<T>, limit: u16, key: impl Fn(&T) -> K) -> Self {
        let more = items.len() > usize::from(limit);
        items.truncate(usize::from(limit));
        let last = items.last().filter(|_| more);
        Self { next_cursor: last.map(|item| cursor(key(item))), items }
    }

    /// A page of these items; there is `more` after the last one.
    pub(crate) fn until<K: AsRef<[u8]>>(items: Vec<T>, more: bool, key: impl Fn(&T) -> K) -> Self {
        let last = items.last().filter(|_| more);
        Self { next_cursor: last.map(|item| cursor(key(item))), items }
    }

    pub(crate) fn map<U>(self, shape: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(shape).collect(), next_cursor: self.next_cursor }
    }
}

impl<T: Serialize> Page<T> {
    /// The answer, with the link to the next page of the request at `uri`.
    pub(crate) fn answer(self, uri: &Uri) -> Response {
        let link = link(uri, "next", self.next_cursor.as_deref());
        let mut response = axum::Json(self).into_response();
        if let Some(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

/// The parameters of lists that have no filters. (Entries have their own, and cursors that are
/// bound to the query.)
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// Items of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl PageParameters {
    /// What to ask the store for.
    pub(crate) fn request(&self) -> Result<PageRequest, Problem> {
        let (limit, after) = self.bounds()?;
        Ok(PageRequest::new(limit, after))
    }

    /// How many items, and the last one of the page before. A cursor is that id and nothing more:
    /// it opens no door that the credential does not.
    pub(crate) fn bounds(&self) -> Result<(u16, Option<Uuid>), Problem> {
        self.bounds_by(|key| Uuid::from_slice(key).ok())
    }

    /// The same of a list whose cursors hold another key than an id; `read` answers none for what is
    /// no key of it.
    pub(crate) fn bounds_by<K>(
        &self,
        read: impl Fn(&[u8]) -> Option<K>,
    ) -> Result<(u16, Option<K>), Problem> {
        let limit = up_to(PageRequest::LIMIT_MAX, "limit", self.limit.unwrap_or(LIMIT_DEFAULT))?;
        let after = self.cursor.as_deref().map(|cursor| {
            URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|key| read(&key)).ok_or_else(|| {
                Problem::bad_parameter(
                    "cursor",
                    "is no cursor of this list; take `next_cursor` as it was answered",
                )
            })
        });
        Ok((limit, after.transpose()?))
    }
}

/// A number from 1 to `max`, as the parameter `name` must be.
pub(crate) fn up_to<N, M>(max: M, name: &'static str, asked: N) -> Result<M, Problem>
where
    M: TryFrom<N> + From<u8> + PartialOrd + Display + Copy,
{
    let number = M::try_from(asked).ok().filter(|number| (M::from(1)..=max).contains(number));
    number.ok_or_else(|| Problem::bad_parameter(name, format!("must be from 1 to {max}")))
}

pub(crate) fn cursor(key: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The same request with another cursor, as a relative reference: behind a proxy the server does not
/// know what it is called.
pub(crate) fn link(uri: &Uri, relation: &str, cursor: Option<&str>) -> Option<HeaderValue> {
    let cursor = cursor?;
    let kept = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept.filter(|(name, _)| name != "cursor"))
        .append_pair("cursor", cursor)
        .finish();
    HeaderValue::try_from(format!("<{}?{query}>; rel=\"{relation}\"", uri.path())).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn the_link_repeats_the_request_with_the_next_cursor() {
        let uri: Uri = "/api/v1/logs?q=a%20b&cursor=old&limit=5".parse().unwrap();
        let next = link(&uri, "next", Some("n/w")).unwrap();
        assert_eq!(next, "</api/v1/logs?q=a+b&limit=5&cursor=n%2Fw>; rel=\"next\"");
        assert_eq!(link(&uri, "next", None), None);
    }

    #[test]
    fn a_cursor_leads_on_and_a_foreign_one_is_refused() {
        let page = store::Page { items: vec![1, 2], next: Some(Uuid::from_u128(7)) };
        let page = Page::of(page, |n| n * 10);
        assert_eq!(page.items, [10, 20]);
        let ask = |limit, cursor| PageParameters { limit, cursor }.request();
        assert!(ask(Some(1000), page.next_cursor).is_ok());
        for (limit, cursor) in
            [(Some(0), None), (Some(1001), None), (Some(70_000), None), (None, Some("x".into()))]
        {
            assert!(ask(limit, cursor).is_err());
        }
    }
}
