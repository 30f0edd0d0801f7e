//! What went wrong with SQS, as a caller can act on it.

use std::{error::Error, io};

use aws_sdk_sqs::{
    config::http::HttpResponse,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    types::BatchResultErrorEntry,
};

/// Why SQS did not do what it was asked. No text here holds a credential, a URL or a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqsError {
    /// No answer, or a 5xx: it may have been done or not. Try again later.
    #[error("Amazon SQS is not available: {0}")]
    Unavailable(String),
    /// The credentials may not do that, or there are none. A person has to act.
    #[error("Amazon SQS refuses {action}: {reason}")]
    Denied {
        /// The permission that is missing, as IAM writes it.
        action: &'static str,
        reason: String,
    },
    /// The queue of this name does not exist. A person has to act.
    #[error("there is no queue {0:?} in this account and region")]
    Missing(String),
    /// Too many requests. Try again later.
    #[error("Amazon SQS asks for fewer requests: {0}")]
    Throttled(String),
    /// SQS cannot do what was asked, or what is configured. Trying again does not help.
    #[error("Amazon SQS cannot do that: {0}")]
    Invalid(String),
}

impl SqsError {
    /// Whether it may pass by itself.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Throttled(_))
    }
}

/// What was asked, of which queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// As IAM writes it.
    pub(super) action: &'static str,
    pub(super) queue: &'a str,
}

impl Asked<'_> {
    /// Of a whole request.
    pub(super) fn failed<E>(self, error: &SdkError<E, HttpResponse>) -> SqsError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        match error {
            SdkError::ConstructionFailure(_) => {
                SqsError::Invalid(format!("{}: {}", self.action, root(error)))
            }
            SdkError::TimeoutError(_) => self.unavailable("no answer in time"),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                self.unavailable("no answer in time")
            }
            SdkError::DispatchFailure(failure) if failure.is_io() => self.unavailable(&connection(error)),
            SdkError::DispatchFailure(_) => self.not_sent(error),
            SdkError::ServiceError(answer) => {
                self.refused(answer.err().code().unwrap_or_default(), status, answer.err().message())
            }
            // What is in front of SQS answered, or half an answer came.
            _ if status.is_some_and(|status| matches!(status, 401 | 403)) => self.refused("", status, None),
            _ => self.unavailable("an answer that is not of SQS"),
        }
    }

    /// Of a request, or of one item in a batch: by the code that SQS gives.
    pub(super) fn refused(self, code: &str, status: Option<u16>, message: Option<&str>) -> SqsError {
        let code = code.rsplit(['#', '.']).next().unwrap_or(code);
        let shown = format!("{}: {}", self.action, if code.is_empty() { "no reason given" } else { code });
        match code {
            "QueueDoesNotExist" | "NonExistentQueue" => SqsError::Missing(self.queue.to_owned()),
            "OverLimit" | "SlowDown" | "TooManyRequestsException" => SqsError::Throttled(shown),
            _ if code.contains("Throttl") || code.starts_with("RequestLimit") || status == Some(429) => {
                SqsError::Throttled(shown)
            }
            // SQS refuses the name for a minute.
            "QueueDeletedRecently" | "InternalError" | "InternalFailure" | "ServiceUnavailable" => {
                SqsError::Unavailable(shown)
            }
            _ if is_denial(code) || matches!(status, Some(401 | 403)) => {
                // AWS names the principal and the resource there; of other refusals it may repeat
                // what was signed.
                let reason = message.filter(|_| code.starts_with("AccessDenied")).unwrap_or(code);
                SqsError::Denied { action: self.action, reason: format!("{} ({reason})", self.queue) }
            }
            _ if status.is_some_and(|status| status >= 500) => SqsError::Unavailable(shown),
            _ => SqsError::Invalid(shown),
        }
    }

    /// Of one item in a batch that was taken.
    pub(super) fn item(self, failed: &BatchResultErrorEntry) -> SqsError {
        match self.refused(&failed.code, None, failed.message.as_deref()) {
            // SQS says whose fault it was.
            SqsError::Invalid(why) if !failed.sender_fault => SqsError::Unavailable(why),
            error => error,
        }
    }

    /// The SDK gave up before anything was sent: by far the most often for want of credentials.
    fn not_sent(self, error: &(dyn Error + 'static)) -> SqsError {
        let reason = root(error);
        let low = reason.to_lowercase();
        if low.contains("timed out") || low.contains("timeout") {
            return self.unavailable("credentials could not be had in time");
        }
        if low.contains("credential") || low.contains("identity") || low.contains("provider") {
            let reason = "no credentials were found where the AWS SDK looks".to_owned();
            return SqsError::Denied { action: self.action, reason };
        }
        self.unavailable(&reason)
    }

    pub(super) fn unavailable(self, why: &str) -> SqsError {
        SqsError::Unavailable(format!("{}: {why}", self.action))
    }
}

/// The SDK would not even write the request.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(super) fn invalid(error: BuildError) -> SqsError {
    SqsError::Invalid(error.to_string())
}

fn is_denial(code: &str) -> bool {
    code.starts_with("AccessDenied")
        || code.starts_with("KmsAccessDenied")
        || code.starts_with("ExpiredToken")
        || matches!(
            code,
            "InvalidClientTokenId"
                | "InvalidSecurity"
                | "UnrecognizedClientException"
                | "SignatureDoesNotMatch"
                | "InvalidSignatureException"
                | "IncompleteSignature"
                | "MissingAuthenticationToken"
                | "MissingAuthenticationTokenException"
                | "OptInRequired"
                | "NotAuthorized"
        )
}

/// What the system said of the connection; the SDK's own words repeat the URL.
fn connection(error: &(dyn Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return format!("no connection: {}", io.kind());
        }
        cause = error.source();
    }
    "no connection".to_owned()
}

fn root(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str, status: u16) -> SqsError {
        let asked = Asked { action: "sqs:SendMessage", queue: "jobs" };
        asked.refused(code, Some(status), Some("the words"))
    }

    #[test]
    fn each_code_is_what_a_caller_can_do_about_it() {
        assert_eq!(told("QueueDoesNotExist", 400), SqsError::Missing("jobs".to_owned()));
        assert_eq!(
            told("AWS.SimpleQueueService.NonExistentQueue", 400),
            SqsError::Missing("jobs".to_owned())
        );
        for code in ["ThrottlingException", "RequestThrottled", "OverLimit", "KmsThrottled"] {
            assert!(matches!(told(code, 400), SqsError::Throttled(_)), "{code}");
        }
        assert!(matches!(told("", 429), SqsError::Throttled(_)));
        assert!(matches!(told("InternalError", 500), SqsError::Unavailable(_)));
        assert!(matches!(told("", 503), SqsError::Unavailable(_)));
        assert!(matches!(told("com.amazonaws.sqs#QueueDeletedRecently", 400), SqsError::Unavailable(_)));
        assert!(matches!(told("InvalidMessageContents", 400), SqsError::Invalid(_)));
    }

    #[test]
    fn a_denial_names_the_permission_and_no_signature() {
        let denied = told("AccessDeniedException", 400).to_string();
        assert_eq!(denied, "Amazon SQS refuses sqs:SendMessage: jobs (the words)");
        let signature = told("SignatureDoesNotMatch", 403).to_string();
        assert_eq!(signature, "Amazon SQS refuses sqs:SendMessage: jobs (SignatureDoesNotMatch)");
    }
}
