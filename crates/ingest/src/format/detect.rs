//! Which form an event has, where the sender did not say.

use custody_domain::json::Object;

use super::SourceFormat;

/// Members that every CloudTrail record has and that none of our own entries may have.
const CLOUDTRAIL: [&str; 5] = ["eventVersion", "eventSource", "eventName", "eventID", "userIdentity"];

/// CloudTrail's if it has two of its members and no `action`; our own otherwise, so that what is
/// neither is refused in the words of our own form.
pub(super) fn detect(event: &Object<'_>) -> SourceFormat {
    let theirs = CLOUDTRAIL.iter().filter(|name| event.get(name).is_some()).count();
    if theirs >= 2 && event.get("action").is_none() {
        SourceFormat::CloudTrail
    } else {
        SourceFormat::Custody
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use custody_domain::json::{Limits, parse};

    use super::*;
    use crate::sample;

    fn form(text: &[u8]) -> SourceFormat {
        detect(parse(text, &Limits::default()).unwrap().as_object().unwrap())
    }

    #[test]
    fn each_of_the_samples_is_known_for_what_it_is() {
        assert!(sample::cloudtrail(3, 300).all(|r| form(&r) == SourceFormat::CloudTrail));
        assert!(sample::native(3, 300).all(|r| form(&r) == SourceFormat::Custody));
    }

    #[test]
    fn what_is_neither_is_taken_for_our_own() {
        assert_eq!(form(b"{}"), SourceFormat::Custody);
        assert_eq!(form(br#"{"eventName":"x"}"#), SourceFormat::Custody);
        assert_eq!(form(br#"{"action":"x","eventName":"x","eventID":"1"}"#), SourceFormat::Custody);
    }
}
