//! Takes secrets out of what is written.

use std::{borrow::Cow, fmt};

use aho_corasick::{AhoCorasick, MatchKind};

const MASK: &str = "***";
/// As the driver's own: a shorter one would take ordinary words out of findings.
const CHARS_MIN: usize = 8;

/// The driver takes the order's secrets out of what it writes itself; this is for what comes from elsewhere in
/// its process group, and for the day that the driver forgets one.
#[derive(Clone, Default)]
pub struct Scrubber(Option<AhoCorasick>);

impl Scrubber {
    /// Each of these, also as it stands in JSON, and line by line.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms: Vec<String> = Vec::new();
        for secret in secrets {
            let lines = secret.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
            for one in std::iter::once(secret).chain(lines).filter(|one| one.chars().count() >= CHARS_MIN) {
                forms.push(one.to_owned());
                let json = serde_json::Value::from(one).to_string();
                forms.push(json.trim_matches('"').to_owned());
            }
        }
        forms.sort_unstable();
        forms.dedup();
        if forms.is_empty() {
            return Self(None);
        }
        Self(AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms).ok())
    }

    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.0 {
            Some(found) if found.is_match(text) => {
                let mut scrubbed = String::with_capacity(text.len());
                found.replace_all_with(text, &mut scrubbed, |_, _, to| {
                    to.push_str(MASK);
                    true
                });
                Cow::Owned(scrubbed)
            }
            _ => Cow::Borrowed(text),
        }
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_in_each_of_its_forms() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n\"quoted\" and long\n-----END KEY-----";
        let scrubber = Scrubber::of(["wJalrXUtnFEMI", key, "short"]);
        for (text, scrubbed) in [
            ("a wJalrXUtnFEMI b", "a *** b"),
            ("only MIIEvQIBADANBg", "only ***"),
            (r#"{"k":"\"quoted\" and long"}"#, r#"{"k":"***"}"#),
            ("short stays", "short stays"),
        ] {
            assert_eq!(scrubber.scrub(text), scrubbed);
        }
        let whole = serde_json::json!({ "key": key }).to_string();
        assert_eq!(scrubber.scrub(&whole), r#"{"key":"***"}"#);
    }
}
