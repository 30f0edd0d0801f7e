//! From what S3 answered to what the port says. Neither addresses nor headers get into a text.

use std::error::Error as _;

use object_store::{
    Error,
    client::{HttpError, HttpErrorKind},
};

use crate::ObjectsError;

pub(super) fn timed_out() -> ObjectsError {
    ObjectsError::unavailable("S3 did not answer in time")
}

pub(super) fn error(error: &Error) -> ObjectsError {
    let said = said(error);
    match error {
        // Of a bucket it is told in the same words as of an object.
        Error::NotFound { .. } if said.contains("NoSuchBucket") => ObjectsError::unavailable(said),
        Error::NotFound { .. } => ObjectsError::NotFound,
        Error::AlreadyExists { .. } | Error::Precondition { .. } => ObjectsError::AlreadyExists,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            ObjectsError::Denied { reason: said }
        }
        Error::InvalidPath { .. } => ObjectsError::refused("the key is none that S3 takes"),
        _ => ObjectsError::unavailable(said),
    }
}

/// Of an answer that we asked for ourselves.
pub(super) fn status(status: http::StatusCode, body: &str) -> ObjectsError {
    let reason = format!("S3 answered {}{}", status.as_str(), code(body));
    match status.as_u16() {
        401 | 403 => ObjectsError::Denied { reason },
        _ => ObjectsError::unavailable(reason),
    }
}

pub(super) fn transport(error: &HttpError) -> ObjectsError {
    ObjectsError::unavailable(kind(error))
}

/// The status and S3's word for it, or what happened to the connection.
fn said(error: &Error) -> String {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return kind(error).to_owned();
        }
        source = error.source();
    }
    // The type of this error is not public, its text is: "… status code: 503 Service Unavailable: <Error>…".
    let text = error.to_string();
    let status = text.split_once("status code: ").map_or("", |(_, rest)| rest);
    let number: String = status.chars().take_while(char::is_ascii_digit).collect();
    match (number.as_str(), code(&text).as_str()) {
        ("", "") => "S3 was not understood".to_owned(),
        ("", code) => format!("S3 answered{code}"),
        (number, code) => format!("S3 answered {number}{code}"),
    }
}

fn kind(error: &HttpError) -> &'static str {
    match error.kind() {
        HttpErrorKind::Timeout => "S3 did not answer in time",
        HttpErrorKind::Connect => "S3 cannot be reached",
        HttpErrorKind::Request | HttpErrorKind::Interrupted => "the connection to S3 broke",
        _ => "S3 was not understood",
    }
}

/// ` SlowDown` of `<Error><Code>SlowDown</Code>…`.
pub(super) fn code(body: &str) -> String {
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    match code {
        Some((code, _)) if code.len() < 100 && code.chars().all(|c| c.is_ascii_alphanumeric()) => {
            format!(" {code}")
        }
        _ => String::new(),
    }
}
