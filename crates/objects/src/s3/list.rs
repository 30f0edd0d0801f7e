//! Lists.

use object_store::list::{PaginatedListOptions, PaginatedListStore as _};

use super::S3;
use crate::{Key, Listed, ObjectsError, Page, Prefix};

/// How many answers of S3 one page may take, where others put objects of their own among ours.
const ANSWERS_MAX: usize = 100;
/// The most that S3 puts into one answer.
const ANSWER_KEYS_MAX: usize = 1_000;

pub(super) async fn page(
    s3: &S3,
    prefix: &Prefix,
    after: Option<&Key>,
    limit: usize,
) -> Result<Page, ObjectsError> {
    let under = format!("{}{}", s3.prefix, prefix.as_str());
    let offset = after.map(|after| format!("{}{after}", s3.prefix));
    let mut objects = Vec::new();
    let mut page_token = None;
    for _ in 0..ANSWERS_MAX {
        let options = PaginatedListOptions {
            offset: offset.clone(),
            max_keys: Some((limit + 1 - objects.len()).min(ANSWER_KEYS_MAX)),
            page_token: page_token.take(),
            ..PaginatedListOptions::default()
        };
        let answer = s3.bounded(s3.small.list_paginated(Some(&under), options)).await?;
        for object in answer.result.objects {
            let within = object.location.as_ref().strip_prefix(&s3.prefix);
            if let Some(Ok(key)) = within.map(|text| Key::parse_for(prefix.tenant(), text)) {
                objects.push(Listed { key, bytes: object.size, modified: object.last_modified });
            }
        }
        page_token = answer.page_token;
        if page_token.is_none() || objects.len() > limit {
            let more = objects.len() > limit;
            objects.truncate(limit);
            return Ok(Page { objects, more });
        }
    }
    Err(ObjectsError::unavailable("too many objects that are not Custody's stand between"))
}
