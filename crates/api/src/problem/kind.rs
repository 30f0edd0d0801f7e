//! The kinds of problem: their names, titles and status codes. docs/http.md lists the same.

use http::StatusCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:ident $slug:literal $title:literal;)*) => {
        /// A kind of problem. Its URI is stable; its title may be reworded.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// A URN: a name that is not looked up, so that no page need stand behind it for ever.
            pub(crate) fn uri(self) -> &'static str {
                match self { $(Self::$name => concat!("urn:custody:problem:", $slug),)* }
            }

            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
        }
    };
}

kinds! {
    BadRequest = BAD_REQUEST "bad-request" "The request cannot be read";
    MalformedJson = BAD_REQUEST "malformed-json" "The body is not JSON";
    BadParameters = BAD_REQUEST "bad-parameters" "A query parameter cannot be used";
    BadQuery = BAD_REQUEST "bad-query" "The query cannot be read";
    Unauthenticated = UNAUTHORIZED "unauthenticated" "A valid credential is needed";
    Forbidden = FORBIDDEN "forbidden" "The credential may not do this";
    NotFound = NOT_FOUND "not-found" "Not found";
    MethodNotAllowed = METHOD_NOT_ALLOWED "method-not-allowed" "The path does not know this method";
    RequestTimeout = REQUEST_TIMEOUT "request-timeout" "The request came too slowly";
    Conflict = CONFLICT "conflict" "It contradicts what is there";
    TooLarge = PAYLOAD_TOO_LARGE "too-large" "The body is too large";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "The body's type or encoding is not understood";
    RangeNotSatisfiable = RANGE_NOT_SATISFIABLE "range-not-satisfiable" "The range lies beyond the end";
    Invalid = UNPROCESSABLE_ENTITY "invalid" "The request is understood and cannot be accepted";
    Quarantined = UNPROCESSABLE_ENTITY "quarantined" "The event cannot become an entry and was quarantined";
    TooManyRequests = TOO_MANY_REQUESTS "too-many-requests" "Too many requests";
    Internal = INTERNAL_SERVER_ERROR "internal" "The server failed";
    Unavailable = SERVICE_UNAVAILABLE "unavailable" "The server cannot do this at the moment";
}

impl Kind {
    /// The kind for an answer that a library made, by its status code alone.
    pub(crate) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::RANGE_NOT_SATISFIABLE => Self::RangeNotSatisfiable,
            StatusCode::UNPROCESSABLE_ENTITY => Self::Invalid,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Self::Unavailable,
            other if other.is_server_error() => Self::Internal,
            _ => Self::BadRequest,
        }
    }
}
