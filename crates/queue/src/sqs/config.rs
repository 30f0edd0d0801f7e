//! What a channel is told, and what of it SQS can do.

use std::time::Duration;

use uuid::Uuid;

use super::SqsError;

/// SQS's own limit to a visibility timeout, and to how long one delivery can be held in all.
pub(super) const VISIBILITY_MAX: Duration = Duration::from_hours(12);
/// SQS's own limit to a long poll.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// SQS's own limit to a queue's name.
const NAME_LENGTH_MAX: usize = 80;

/// Where the messages go, and how long they are held. Credentials, region and endpoint are not here: the
/// SDK finds them as it does for every program (`AWS_REGION`, `AWS_PROFILE`, a web identity, the
/// instance's role, `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL`).
#[derive(Debug, Clone)]
pub struct SqsConfig {
    /// A name in the account and region of the credentials, made where it does not exist; or a whole URL,
    /// of a queue that must exist. A standard queue: one installation's, and nobody else's.
    pub queue: String,
    /// The same for the queue of what could not be handled. Default: `<queue>-dead`.
    pub dead_letters: String,
    /// The installation that messages must be of; one of another's is foreign.
    pub installation: Uuid,
    /// For how long a message that was received is kept from others, unless it is extended. Whole seconds,
    /// 1 s to 12 h. Default: 30 s.
    pub visibility: Duration,
    /// How long a `receive` waits for the first message. Whole seconds, at most 20 s. Default: 20 s.
    pub wait: Duration,
    /// How long one attempt of a request may take, a receive's wait not counted; connecting, 3 s at most,
    /// is part of it. With its repetitions, three attempts in all, a request takes at most three times as
    /// long and at most 30 s. Default: 10 s.
    pub attempt: Duration,
}

impl SqsConfig {
    /// The defaults, for this queue.
    pub fn new(queue: &str, installation: Uuid) -> Self {
        Self {
            queue: queue.to_owned(),
            dead_letters: format!("{queue}-dead"),
            installation,
            visibility: Duration::from_secs(30),
            wait: Duration::from_secs(20),
            attempt: Duration::from_secs(10),
        }
    }

    /// `Invalid` where SQS could not do what this says.
    pub(super) fn check(&self) -> Result<(), SqsError> {
        let invalid = |what: &str| Err(SqsError::Invalid(what.to_owned()));
        let whole = |time: Duration| time.subsec_nanos() == 0;
        if !whole(self.visibility) || self.visibility.is_zero() || self.visibility > VISIBILITY_MAX {
            return invalid("the visibility timeout of a queue is whole seconds, 1 s to 12 h");
        }
        if !whole(self.wait) || self.wait > WAIT_MAX {
            return invalid("a long poll is whole seconds, at most 20 s");
        }
        if self.attempt.is_zero() {
            return invalid("an attempt at a request needs some time");
        }
        if self.queue == self.dead_letters {
            return invalid("the queue and its dead letters are one queue");
        }
        Ok(())
    }
}

/// A queue as somebody wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Named(String),
    At(String),
}

impl Place {
    pub(super) fn parse(text: &str) -> Result<Self, SqsError> {
        let invalid = |why: &str| SqsError::Invalid(format!("not a queue's name or URL: {why}"));
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        // Of a URL only its end is shown: what stands before it may hold a password.
        let name = text.rsplit('/').next().unwrap_or_default();
        if rest.is_some_and(|rest| rest.contains('@')) {
            return Err(invalid("a URL with a user in it"));
        }
        if name.strip_suffix(".fifo").is_some() {
            return Err(invalid("a FIFO queue holds back what it should hand out; take a standard one"));
        }
        let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.chars().all(named) {
            return Err(invalid("a name is 1 to 80 letters, digits, hyphens and underscores"));
        }
        match rest {
            Some(rest) if rest.contains('/') => Ok(Self::At(text.to_owned())),
            None if !text.contains('/') => Ok(Self::Named(text.to_owned())),
            _ => Err(invalid("a URL ends in the account and the name")),
        }
    }

    /// What people call it: the name.
    pub(super) fn name(&self) -> &str {
        let (Self::Named(text) | Self::At(text)) = self;
        text.rsplit('/').next().unwrap_or(text)
    }
}

/// Whole seconds, as SQS counts; what is between two is the longer.
pub(super) fn seconds(time: Duration) -> i32 {
    let whole = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    i32::try_from(whole).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_a_name_or_a_url() {
        assert_eq!(Place::parse("jobs").unwrap(), Place::Named("jobs".to_owned()));
        let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
        assert_eq!(Place::parse(url).unwrap(), Place::At(url.to_owned()));
        assert_eq!(Place::parse(url).unwrap().name(), "jobs");
        let long = "a".repeat(81);
        for wrong in ["", "a b", "jobs.fifo", "a/b", "https://jobs", "https://x/1/", "ftp://x/1/jobs", &long]
        {
            assert!(matches!(Place::parse(wrong), Err(SqsError::Invalid(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_shown() {
        let refused = Place::parse("https://me:hunter2@sqs.example/1/jobs").unwrap_err().to_string();
        assert!(!refused.contains("hunter2"), "{refused}");
    }

    #[test]
    fn what_sqs_cannot_do_is_refused() {
        let good = SqsConfig::new("jobs", Uuid::nil());
        good.check().unwrap();
        let second = Duration::from_secs(1);
        for wrong in [
            SqsConfig { visibility: Duration::ZERO, ..good.clone() },
            SqsConfig { visibility: VISIBILITY_MAX + second, ..good.clone() },
            SqsConfig { visibility: Duration::from_millis(1500), ..good.clone() },
            SqsConfig { wait: Duration::from_secs(21), ..good.clone() },
            SqsConfig { wait: Duration::from_millis(500), ..good.clone() },
            SqsConfig { attempt: Duration::ZERO, ..good.clone() },
            SqsConfig { dead_letters: "jobs".to_owned(), ..good.clone() },
        ] {
            assert!(matches!(wrong.check(), Err(SqsError::Invalid(_))), "{wrong:?}");
        }
    }

    #[test]
    fn time_is_rounded_up() {
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_secs(2)), 2);
        assert_eq!(seconds(Duration::MAX), i32::MAX);
    }
}
