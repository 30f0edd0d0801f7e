//! The log itself: `/api/v1/log`.

pub(crate) mod anchor;
pub(crate) mod anchors;
pub(crate) mod checkpoint;
pub(crate) mod checkpoints;
pub(crate) mod consistency;
pub(crate) mod entries;
pub(crate) mod entries_tile;
pub(crate) mod key;
pub(crate) mod keys;
pub(crate) mod tile;
pub(crate) mod watermark;

use http::{HeaderName, HeaderValue, header};

/// Of notes and keys.
pub(crate) const PLAIN_TEXT: [(HeaderName, HeaderValue); 1] =
    [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];

/// Of bytes that never change. `private`: they are one tenant's.
pub(crate) const IMMUTABLE: [(HeaderName, HeaderValue); 2] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
    (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
];
