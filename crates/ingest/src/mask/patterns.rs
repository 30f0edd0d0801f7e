//! Secrets by what they look like. One pass over a text for the literals that every match contains
//! says that nothing is there, which is the answer for nearly every text; only the expressions whose
//! literal was seen are run. (A `RegexSet` of all of them took 300 times as long: its automaton is too
//! large to be built.)
//!
//! The `regex` crate's engine is linear in the text whatever the expression, so no input makes it
//! slow; none of the expressions is taken from a tenant.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use uuid::Uuid;

use super::{
    Detector, DetectorSet, MASK, aws_secret, card, is_access_key_id, is_placeholder, is_reference, runs,
};

/// Shorter texts hold nothing that any expression could match.
const LENGTH_MIN: usize = 8;

/// Whether a match is meant: the text around it, and where the secret in it begins and ends.
type Accept = fn(&str, usize, usize) -> bool;

struct Pattern {
    detector: Detector,
    needs: &'static [u8],
    /// The group that took part, where there are groups, is the secret; else the whole match is.
    regex: Regex,
    accept: Accept,
}

/// A text in which masking goes on to find more after so many rounds is masked whole.
const ROUNDS_MAX: usize = 8;

/// The names that an assignment within a text may have, as their last letters.
macro_rules! passwords {
    () => {
        "(?:pass[_-]?words?|passwd|passphrase|passcode|pwd)"
    };
}

macro_rules! secrets {
    () => {
        "(?:secret(?:[_-]?(?:access[_-]?)?key|[_-]?string)?|(?:api|access|private)[_-]?key|(?:access|auth|refresh|session|security)[_-]?token)"
    };
}

/// Between a name and its value; the name may be quoted.
macro_rules! equals {
    () => {
        r#"\\*["']?\s*(?:={1,3}>?|:=)\s*"#
    };
}

macro_rules! colon {
    () => {
        r#"\\*["']?\s*:\s*"#
    };
}

/// A value of so many characters at least: quoted within a quoted text, quoted, or up to what ends a
/// word. Of a quoted one all goes, also where the text was cut before the closing quote.
macro_rules! value {
    ($least:literal) => {
        concat!(
            r#"(?:\\+["']([^"'\\]{"#,
            $least,
            r#",})|"((?:[^"\\]|\\.){"#,
            $least,
            r#",})|'((?:[^'\\]|\\.){"#,
            $least,
            r#",})|([^\s"'&;,<>\\]{"#,
            $least,
            r#",}))"#
        )
    };
}

/// One expression.
struct Source {
    detector: Detector,
    /// Without one of these in the text, in any case of letters, the expression cannot match.
    triggers: &'static [&'static str],
    /// Nor without each of these, which are searched for last.
    needs: &'static [u8],
    regex: &'static str,
    accept: Accept,
}

const fn source(
    detector: Detector,
    triggers: &'static [&'static str],
    needs: &'static [u8],
    regex: &'static str,
    accept: Accept,
) -> Source {
    Source { detector, triggers, needs, regex, accept }
}

#[rustfmt::skip]
const SOURCES: &[Source] = &[
    source(Detector::PrivateKey, &["private key"], b"-", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)", always),
    source(Detector::PrivateKey, &["age-secret-key-1"], b"-", r"AGE-SECRET-KEY-1[0-9A-Z]{20,}", always),
    source(Detector::Jwt, &["eyj"], b".", r"eyJ[A-Za-z0-9_-]{8,}\.(?:[A-Za-z0-9_-]*\.){1,3}[A-Za-z0-9_-]*", always),
    source(Detector::BearerToken, &["bearer"], b"", r"(?i-u)bearer\s+([a-z0-9._~+/=-]{16,})", looks_random),
    source(Detector::BearerToken, &["authorization"], b"", r#"(?i-u)authorization\\*["']?\s*[:=]\s*\\*["']?(?:(?:basic|bearer|token|apikey|negotiate)\s+)?([a-z0-9._~+/=-]{8,})"#, looks_random),
    source(Detector::AwsSessionToken, &["iqojb3jpz2lu", "fwogzxivyxdz", "fqogzxivyxdz", "aqodyxdz"], b"", r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|AQoDYXdz)[A-Za-z0-9+/=%_-]{60,}", always),
    source(Detector::AwsSessionToken, &["x-amz-signature=", "x-amz-security-token="], b"=", r"(?i-u)x-amz-(?:signature|security-token)=([a-z0-9%+/=_.-]{16,})", always),
    source(Detector::KnownToken, KNOWN_TRIGGERS, b"", KNOWN_TOKENS, starts_alone),
    source(Detector::KnownToken, &["hooks.slack.com"], b"/", r"(?i-u)hooks\.slack\.com/(?:services|workflows)/([a-z0-9/_-]{20,})", always),
    source(Detector::KnownToken, &["sig="], b"=", r"[?&]sig=([A-Za-z0-9%+/=_-]{30,})", always),
    source(Detector::UrlPassword, &["@"], b":/@", r#"://[^\s/:@"']*:([^\s/"']+)@"#, no_reference),
    source(Detector::Assignment, PASSWORD_TRIGGERS, b"=", concat!("(?i)", passwords!(), equals!(), value!("3")), no_reference),
    source(Detector::Assignment, PASSWORD_TRIGGERS, b":", concat!("(?i)", passwords!(), colon!(), value!("3")), no_prose),
    source(Detector::Assignment, SECRET_TRIGGERS, b"=", concat!("(?i)", secrets!(), equals!(), value!("4")), no_reference),
    source(Detector::Assignment, SECRET_TRIGGERS, b":", concat!("(?i)", secrets!(), colon!(), value!("4")), no_prose),
    source(Detector::Assignment, &["pass=", "pass ="], b"=", concat!("(?i)(?:^|[^a-z0-9]|(?-i:[a-xz0-9]P))(?:pass|(?-i:ass))\\s*=\\s*", value!("3")), no_reference),
    source(Detector::Assignment, &["token=", "token:"], b"", concat!(r"(?i)(?:^|[\s?&;,{(\[])token\s*[:=]\s*", value!("8")), no_prose),
    source(Detector::Assignment, &["--"], b"-", concat!("(?i)--(?:", passwords!(), "|", secrets!(), r#"|pass|token|client-secret)(?:\s+|=|\\*["']\s*,\s*)(?:\\+["']([^"'\\]{3,})|"((?:[^"\\]|\\.){3,})|'([^']{3,})|([^\s"'=-][^\s"']{2,}))"#), no_reference),
    source(Detector::Assignment, &["passw", "pwd", "passphrase", "secret", "key", "token"], b"></", concat!("(?i)(?:", passwords!(), "|", secrets!(), r"|token)(?:\s[^<>]{0,256})?>\s*([^<\s][^<]*)</"), no_reference),
    source(Detector::Assignment, &["cookie"], b":", r#"(?i)cookie\\*["']?\s*:\s*\\*["']?([^\s"'=;,]+(?:=\\*"[^"\r\n]*"|=)[^\r\n"']*)"#, no_reference),
];

const PASSWORD_TRIGGERS: &[&str] = &["passw", "pass_w", "pass-w", "passphrase", "passcode", "pwd"];

#[rustfmt::skip]
const SECRET_TRIGGERS: &[&str] = &[
    "secret", "apikey", "api_key", "api-key", "_token", "-token", "accesstoken", "authtoken", "refreshtoken", "sessiontoken",
    "securitytoken", "privatekey", "private_key", "private-key", "accesskey", "access_key", "access-key",
];

const KNOWN_TOKENS: &str = concat!(
    r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}|gl(?:pat|ptt|dt|rt|soat)-[A-Za-z0-9_-]{20,}",
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}",
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}",
    r"|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}",
    r"|sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,}",
    r"|npm_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{50,}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
    r"|do[por]_v1_[a-f0-9]{64}|hv[sbr]\.[A-Za-z0-9_-]{24,}|dapi[a-f0-9]{32}",
    r"|cust_[A-Za-z0-9]{12}_[A-Za-z0-9_-]{43}",
);

/// The literal beginnings of the alternatives above.
#[rustfmt::skip]
const KNOWN_TRIGGERS: &[&str] = &[
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glptt-", "gldt-", "glrt-", "glsoat-", "xox", "xapp-",
    "rk_live_", "rk_test_", "sk_live_", "sk_test_", "whsec_", "aiza", "ya29.", "gocspx-", "sk-", "npm_", "pypi-agei", "sg.",
    "dop_v1_", "doo_v1_", "dor_v1_", "hvs.", "hvb.", "hvr.", "dapi", "cust_",
];

struct Patterns {
    triggers: AhoCorasick,
    /// For each trigger, the patterns that it calls for, as bits.
    calls: Vec<u32>,
    each: Vec<Pattern>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let mut triggers = Vec::new();
    let mut calls = Vec::new();
    for (at, source) in SOURCES.iter().enumerate() {
        for trigger in source.triggers {
            triggers.push(*trigger);
            calls.push(1_u32 << at);
        }
    }
    #[expect(clippy::expect_used, reason = "constants, compiled by every test")]
    Patterns {
        triggers: AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(triggers)
            .expect("the triggers compile"),
        calls,
        each: SOURCES
            .iter()
            .map(|source| Pattern {
                detector: source.detector,
                needs: source.needs,
                regex: Regex::new(source.regex).expect("the expression compiles"),
                accept: source.accept,
            })
            .collect(),
    }
});

impl Patterns {
    /// The patterns that could match, as bits.
    fn called_for(&self, text: &str) -> u32 {
        let found = self.triggers.find_overlapping_iter(text);
        found.fold(0, |called, trigger| called | self.calls[trigger.pattern().as_usize()])
    }
}

/// A part of a text, and who found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    detector: Detector,
}

/// The text with its secrets masked and the detectors that struck; none where nothing was found.
pub(super) fn mask(text: &str, enabled: DetectorSet) -> Option<(String, Vec<Detector>)> {
    let mut struck = Vec::new();
    let mut masked: Option<String> = None;
    for _ in 0..ROUNDS_MAX {
        let now = masked.as_deref().unwrap_or(text);
        let spans = spans(now, enabled);
        if spans.is_empty() {
            return masked.map(|text| (text, struck));
        }
        for span in &spans {
            if !struck.contains(&span.detector) {
                struck.push(span.detector);
            }
        }
        masked = Some(replace(now, &spans));
    }
    Some((MASK.to_owned(), struck))
}

/// Where the secrets are, in order, without overlaps.
fn spans(text: &str, enabled: DetectorSet) -> Vec<Span> {
    if text.len() < LENGTH_MIN || is_token_id(text) {
        return Vec::new();
    }
    let mut spans = Vec::new();
    let mut called = PATTERNS.called_for(text);
    while called != 0 {
        let at = called.trailing_zeros();
        called &= called - 1;
        if let Some(pattern) = PATTERNS.each.get(at as usize).filter(|p| enabled.contains(p.detector)) {
            pattern.spans(text, &mut spans);
        }
    }
    let runs = runs::longest(text);
    if runs.digits >= card::DIGITS_MIN && enabled.contains(Detector::PaymentCard) {
        card::find(text, |start, end| spans.push(Span { start, end, detector: Detector::PaymentCard }));
    }
    if runs.base64 >= aws_secret::LENGTH && enabled.contains(Detector::AwsSecretKey) {
        aws_secret::find(text, |start, end| {
            spans.push(Span { start, end, detector: Detector::AwsSecretKey });
        });
    }
    merged(spans)
}

/// `token:` and a `UUIDv7`, and nothing else: how a token that we issued is named in entries
/// (`recorded_by`, a quarantined item's sender). The name opens nothing. A `UUIDv7` is mostly time, so
/// nobody's secret has that form.
fn is_token_id(text: &str) -> bool {
    let id = text.strip_prefix("token:").filter(|id| id.len() == 36);
    id.and_then(|id| Uuid::try_parse(id).ok()).is_some_and(|id| id.get_version_num() == 7)
}

impl Pattern {
    fn spans(&self, text: &str, spans: &mut Vec<Span>) {
        if !self.needs.iter().all(|byte| memchr::memchr(*byte, text.as_bytes()).is_some()) {
            return;
        }
        for captures in self.regex.captures_iter(text) {
            let Some(secret) = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0)) else {
                continue;
            };
            if !is_placeholder(secret.as_str()) && (self.accept)(text, secret.start(), secret.end()) {
                spans.push(Span { start: secret.start(), end: secret.end(), detector: self.detector });
            }
        }
    }
}

fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|s| (s.start, std::cmp::Reverse(s.end)));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

fn replace(text: &str, spans: &[Span]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        masked.push_str(&text[at..span.start]);
        masked.push_str(MASK);
        at = span.end;
    }
    masked.push_str(&text[at..]);
    masked
}

fn always(_: &str, _: usize, _: usize) -> bool {
    true
}

fn no_reference(text: &str, start: usize, end: usize) -> bool {
    let value = &text[start..end];
    !is_reference(value) && !was_masked(value) && !is_access_key_id(value) && !is_literal(value)
}

fn is_literal(value: &str) -> bool {
    ["true", "false", "null", "none"].iter().any(|literal| value.eq_ignore_ascii_case(literal))
}

/// Behind a colon stands a value or the rest of a sentence ("Invalid password: it is too short"). A
/// word of letters is the sentence's where others follow it; so is one that says what is the matter.
fn no_prose(text: &str, start: usize, end: usize) -> bool {
    let value = text[start..end].trim_end_matches(|c: char| ".!?)]}:".contains(c));
    let before = &text[..start];
    // What begins with `=` stands behind `:=`, which has an expression of its own.
    let defined = before.ends_with(':') && value.starts_with('=');
    if defined || !no_reference(text, start, end) {
        return false;
    }
    if before.ends_with(['"', '\'', '=']) {
        return true;
    }
    let letters = |word: &str| word.chars().all(char::is_alphabetic);
    // `arn:aws:secretsmanager:…:secret:name`, and actions such as `user:password:reset`.
    if before.ends_with(':') {
        let path = |c: char| c.is_alphabetic() || matches!(c, ':' | '*' | '_' | '-' | '.');
        let name = before.len().checked_sub(7).and_then(|at| before.as_bytes().get(at..));
        let arn = name.is_some_and(|name| name.eq_ignore_ascii_case(b"secret:"));
        return !arn && !value.chars().all(path);
    }
    if !letters(value) {
        return true;
    }
    // Never further than the next word: the rest of the text would be read once for each value.
    let rest = text[end..].trim_start_matches([' ', '\t']);
    let next = rest.split(char::is_whitespace).next().unwrap_or_default();
    !SAYS.iter().any(|says| value.eq_ignore_ascii_case(says))
        && (next.is_empty()
            || next.starts_with([',', ';', '&', '"', '\'', '<', '\\'])
            || next.contains([':', '=']))
}

/// What messages say of a password behind a colon.
#[rustfmt::skip]
const SAYS: &[&str] = &[
    "required", "invalid", "incorrect", "expired", "missing", "wrong", "denied", "failed", "empty", "unset", "changed",
    "unchanged", "rejected", "accepted", "disabled", "enabled", "unknown", "mismatch", "weak", "reset", "updated", "set",
];

/// Ours, as it can stand in a text: with what closes a sentence or a bracket behind it, or, in a key,
/// with the number that tells it from another. `***` with anything else behind it is a value.
fn was_masked(value: &str) -> bool {
    value.strip_prefix(MASK).is_some_and(|rest| {
        let number = rest.strip_prefix('#').filter(|n| n.len() <= 5 && !n.is_empty());
        number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
            || rest.bytes().all(|b| b"*)]}.:!?".contains(&b))
    })
}

/// Not a word of the sentence: "bearer authentication" names a scheme and holds no secret.
fn looks_random(text: &str, start: usize, end: usize) -> bool {
    let secret = &text[start..end];
    let scheme = secret.eq_ignore_ascii_case("AWS4-HMAC-SHA256");
    !scheme && (secret.len() >= 32 || secret.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'=' | b'+')))
}

/// Not in the middle of a word: `task-…` is no `sk-…`.
fn starts_alone(text: &str, start: usize, _: usize) -> bool {
    !text[..start].ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// The literals without one of which no expression matches.
#[cfg(test)]
pub(super) fn triggers() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().flat_map(|source| source.triggers).copied()
}

#[cfg(test)]
mod tests;
