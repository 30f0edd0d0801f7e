//! Values that must not leak: found by where they stand, by the name they stand under and by what
//! they look like, and replaced by `***` in the source event, before anything else is made of it.
//!
//! What is hashed cannot be masked later, so this leans towards masking, except where a field's name
//! only sounds like a secret (`nextToken`, `secretId`, `passwordLastUsed`): an audit log that hides
//! which secret was read is of no use. docs/masking.md lists every rule.

mod aws_secret;
mod broken;
mod card;
mod detector;
mod hints;
mod key_names;
mod path;
mod patterns;
mod pointer_pattern;
mod policy;
mod runs;
mod walk;

use std::borrow::Cow;

use custody_domain::json::{TooManyPointers, Value, push_token};
pub use detector::{DETECTORS, Detector, DetectorSet};
pub use policy::{MaskPolicy, PolicyFault};

use self::{key_names::ExtraKeys, pointer_pattern::PointerPattern};

/// What stands in the place of a masked value.
pub const MASK: &str = "***";

/// One masked place: the JSON pointer into the source event, and the rule that struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    pub pointer: String,
    /// A detector's name, or `pointer` or `key_name` where the tenant's policy says so.
    pub rule: &'static str,
}

/// A tenant's policy, ready to be used. Masks in one pass over the event.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    enabled: DetectorSet,
    mask: Vec<PointerPattern>,
    keep: Vec<PointerPattern>,
    keys: ExtraKeys,
}

impl Masker {
    /// Compiles a policy, or says everything that is wrong with it.
    pub fn new(policy: &MaskPolicy) -> Result<Self, Vec<PolicyFault>> {
        policy.compile()
    }

    /// Masks `event` in place and answers what was masked, in the order of the event. Masking what
    /// is masked already changes nothing. Where so much must be masked that the list of it would be
    /// too large, it stops: then `event` still holds clear values, and must go no further.
    pub fn mask(&self, event: &mut Value<'_>) -> Result<Vec<Masked>, TooManyPointers> {
        walk::Walk::over(self, event, &hints::Hints::none())
    }

    /// The same for an event that was read from `bytes`, of which one look tells where a secret may be
    /// at all.
    pub fn mask_read(&self, event: &mut Value<'_>, bytes: &[u8]) -> Result<Vec<Masked>, TooManyPointers> {
        walk::Walk::over(self, event, &hints::Hints::of(bytes))
    }

    /// Masks a text that was to be an event and cannot be read as one, for a person to look at.
    pub fn mask_broken(&self, text: &str) -> String {
        broken::mask(self, text)
    }

    /// Masks what the detectors find in a text that stands outside an event, such as the pointer of
    /// a parse error, which repeats a key.
    pub fn mask_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match patterns::mask(text, self.enabled) {
            Some((masked, _)) => Cow::Owned(masked),
            None => Cow::Borrowed(text),
        }
    }

    /// The same for a JSON pointer, which stays one: each of its names by itself.
    pub fn mask_pointer(&self, pointer: &str) -> String {
        let mut masked = String::with_capacity(pointer.len());
        for token in pointer.split('/').skip(1) {
            push_token(&mut masked, &self.mask_text(&token.replace("~1", "/").replace("~0", "~")));
        }
        masked
    }
}

/// Whether somebody in front of us masked the value already. Such a value stays as it is and is not
/// claimed as ours: CloudTrail's own placeholders tell an investigator who hid it.
fn is_placeholder(text: &str) -> bool {
    text.bytes().all(|b| b == b'*')
        || matches!(
            text,
            "HIDDEN_DUE_TO_SECURITY_REASONS"
                | "<sensitiveDataRemoved>"
                | "[REDACTED]"
                | "REDACTED"
                | "[FILTERED]"
        )
}

/// Whether this is the id of an AWS access key, which is public: logs and consoles show it.
fn is_access_key_id(text: &str) -> bool {
    text.len() == 20
        && (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether the value only refers to a secret that lies elsewhere: an ARN, or a template's variable.
fn is_reference(text: &str) -> bool {
    let arn =
        text.starts_with("arn:aws") && !text.contains(char::is_whitespace) && text.matches(':').count() >= 5;
    let variable = (text.starts_with("${") && text.ends_with('}'))
        || (text.starts_with("{{") && text.ends_with("}}"))
        || (text.starts_with("$(") && text.ends_with(')'));
    arn || variable
}

#[cfg(test)]
mod tests;
