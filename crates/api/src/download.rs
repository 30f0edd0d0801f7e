//! A stored file as an answer: all of it, or the range that was asked for (RFC 9110, section 14).

mod range;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use custody_auth::Scope;
use custody_objects::{Download, Key, ObjectsError, media::content_disposition};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    App,
    middleware::header_value,
    pieces::{PIECE_TIME_MAX, pieces},
    problem::{Kind, Problem},
    streams::Stream,
};

/// `headers` are the request's.
pub(crate) async fn download(
    app: &App,
    scope: &Scope,
    key: &Key,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let place = app.edge.downloads.begin(scope.tenant())?;
    let asked = headers.get(header::RANGE).and_then(|value| range::parse(value.to_str().ok()?));
    if let Some(asked) = asked {
        match app.objects.get(key, Some(asked)).await {
            Ok(found) if range::may_apply(headers, &found.etag) => {
                return Ok(answer(found, key, true, place));
            }
            Ok(_) | Err(ObjectsError::BeyondTheEnd { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let found = app.objects.get(key, None).await?;
    // Whether the range counts was for this version to say.
    if asked.is_some_and(|asked| asked.within(found.bytes).is_err()) && range::may_apply(headers, &found.etag)
    {
        return Err(beyond(found.bytes));
    }
    Ok(answer(found, key, false, place))
}

fn beyond(bytes: u64) -> Problem {
    Problem::new(Kind::RangeNotSatisfiable, format!("The file has {bytes} bytes, and none in that range."))
        .header(header::CONTENT_RANGE, header_value(&format!("bytes */{bytes}")))
}

fn answer(found: Download, key: &Key, partial: bool, place: Stream) -> Response {
    let Download { bytes, range, etag, content_type, modified, stream: read, .. } = found;
    let (pieces, body) = pieces(PIECE_TIME_MAX);
    tokio::spawn(async move {
        pieces.hand_on(read, "a download").await;
        drop(place);
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header_value(&content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    headers.insert(header::CONTENT_DISPOSITION, header_value(&content_disposition(key.name())));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::ETAG, header_value(&format!("\"{etag}\"")));
    let modified = modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    headers.insert(header::LAST_MODIFIED, header_value(&modified));
    if partial {
        let last = range.end.saturating_sub(1);
        let said = format!("bytes {}-{last}/{bytes}", range.start);
        headers.insert(header::CONTENT_RANGE, header_value(&said));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}
