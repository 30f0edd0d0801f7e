//! Reading, and addresses to read from.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use http::Method;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore as _,
    signer::{SignedUrlOptions, Signer as _},
};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{S3, answer, put, retention::Held};
use crate::{Download, Head, Key, ObjectsError, Range, media};

/// The longest that S3 signs an address for.
const SIGNED_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

/// An object, and what only this part knows of it.
pub(super) struct Found {
    pub(super) head: Head,
    /// Which write made it.
    pub(super) write: Option<String>,
    pub(super) held: Option<Held>,
}

pub(super) async fn head(s3: &S3, key: &Key) -> Result<Found, ObjectsError> {
    let options = GetOptions { head: true, ..GetOptions::default() };
    let answer = s3.bounded(s3.small.get_opts(&s3.path(key)?, options)).await?;
    Ok(Found {
        head: described(&answer.meta, &answer.attributes),
        write: metadata(&answer.attributes, put::WRITE).map(str::to_owned),
        held: answer.extensions.get().copied(),
    })
}

pub(super) async fn get(s3: &S3, key: &Key, range: Option<Range>) -> Result<Download, ObjectsError> {
    let options = GetOptions { range: range.and_then(wire), ..GetOptions::default() };
    if range.is_some() && options.range.is_none() {
        return Err(beyond_or(s3, key, range, ObjectsError::refused("the range is empty")).await);
    }
    let answer = match s3.bounded(s3.small.get_opts(&s3.path(key)?, options)).await {
        Ok(answer) => answer,
        Err(error @ ObjectsError::Unavailable { .. }) => return Err(beyond_or(s3, key, range, error).await),
        Err(error) => return Err(error),
    };
    let Head { bytes, sha256, etag, content_type, modified } = described(&answer.meta, &answer.attributes);
    let range = answer.range.clone();
    let expected = sha256.filter(|_| range == (0..bytes));
    let stream = checked(answer, expected);
    Ok(Download { bytes, range, sha256, etag, content_type, modified, stream })
}

/// What S3 is asked for; none where it would be nothing.
fn wire(range: Range) -> Option<GetRange> {
    match range {
        Range::Between { from, until } if from >= until => None,
        Range::Between { from, until: u64::MAX } | Range::From(from) => Some(GetRange::Offset(from)),
        Range::Between { from, until } => Some(GetRange::Bounded(from..until)),
        Range::Last(0) => None,
        Range::Last(count) => Some(GetRange::Suffix(count)),
    }
}

/// S3 answers 416 to a range beyond the end; the size is asked for once more.
async fn beyond_or(s3: &S3, key: &Key, range: Option<Range>, error: ObjectsError) -> ObjectsError {
    let Some(range) = range else { return error };
    match head(s3, key).await {
        Ok(found) => range.within(found.head.bytes).err().unwrap_or(error),
        Err(ObjectsError::NotFound) => ObjectsError::NotFound,
        Err(_) => error,
    }
}

fn described(meta: &ObjectMeta, attributes: &Attributes) -> Head {
    let sha256 = metadata(attributes, put::SHA256).and_then(|text| hex::decode(text).ok()?.try_into().ok());
    let content_type =
        attributes.get(&Attribute::ContentType).map_or("application/octet-stream", AsRef::as_ref);
    Head {
        bytes: meta.size,
        sha256,
        etag: put::etag(meta.e_tag.as_deref()),
        content_type: content_type.to_owned(),
        modified: meta.last_modified,
    }
}

fn metadata<'a>(attributes: &'a Attributes, name: &'static str) -> Option<&'a str> {
    attributes.get(&Attribute::Metadata(name.into())).map(AsRef::as_ref)
}

/// Ends with an error where bytes are missing, or are not those of the checksum.
fn checked(answer: GetResult, expected: Option<[u8; 32]>) -> BoxStream<'static, Result<Bytes, ObjectsError>> {
    let left = answer.range.end - answer.range.start;
    let pieces = answer.into_stream().map_err(|error| answer::error(&error));
    let state = (pieces, left, expected.map(|expected| (expected, Sha256::new())));
    stream::try_unfold(state, |(mut pieces, left, mut hash)| async move {
        match pieces.try_next().await? {
            Some(bytes) => {
                if let Some((_, hash)) = &mut hash {
                    hash.update(&bytes);
                }
                let left =
                    left.checked_sub(bytes.len() as u64).ok_or_else(|| corrupt("there are too many"))?;
                Ok(Some((bytes, (pieces, left, hash))))
            }
            None if left > 0 => Err(corrupt("they end early")),
            None => match hash.map(|(expected, hash)| (expected, <[u8; 32]>::from(hash.finalize()))) {
                Some((expected, found)) if expected != found => Err(corrupt("their SHA-256 is another")),
                _ => Ok(None),
            },
        }
    })
    .boxed()
}

fn corrupt(reason: &str) -> ObjectsError {
    ObjectsError::Corrupt { reason: reason.to_owned() }
}

pub(super) async fn signed_url(
    s3: &S3,
    key: &Key,
    expires_in: Duration,
    filename: &str,
) -> Result<Url, ObjectsError> {
    if !(1..=SIGNED_SECONDS_MAX).contains(&expires_in.as_secs()) {
        return Err(ObjectsError::refused("a signed address is good for between a second and seven days"));
    }
    let disposition = media::content_disposition(filename);
    let options = SignedUrlOptions::default().with_query([("response-content-disposition", disposition)]);
    let path = s3.path(key)?;
    s3.bounded(s3.small.signed_url_opts(Method::GET, &path, expires_in, &options)).await
}
