//! Secrets by the name they stand under. A name is read as its words (`masterUserPassword`,
//! `MASTER_USER_PASSWORD` and `master-user-password` are the same three), and it is the last words
//! that count: `clientSecret` is a secret, `secretId` is not.

mod rules;
mod words;

use std::{borrow::Cow, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use unicode_normalization::UnicodeNormalization;

use self::{
    rules::RULES,
    words::{singular, words},
};
use super::{Detector, DetectorSet};

/// Names that a tenant added, folded.
#[derive(Clone, Debug, Default)]
pub(super) struct ExtraKeys(Vec<String>);

impl ExtraKeys {
    pub(super) fn new(folded: Vec<String>) -> Self {
        Self(folded)
    }

    /// Letters and digits in lower case; none where too few or too many are left.
    pub(super) fn fold(name: &str) -> Option<String> {
        let folded: String =
            plain(name).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        (2..=128).contains(&folded.chars().count()).then_some(folded)
    }

    pub(super) fn contain(&self, key: &str) -> bool {
        !self.0.is_empty() && Self::fold(key).is_some_and(|folded| self.0.contains(&folded))
    }
}

/// A longer name is no name, but text that was used as one.
const NAME_LENGTH_MAX: usize = 128;

/// A name without one of these is none of ours, which is said of nearly all without taking them apart.
const LIKELY: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "key",
    "token",
    "auth",
    "cookie",
    "cvv",
    "cvc",
    "csc",
    "card",
    "jwt",
    "otp",
    "connection",
    "credential",
    "mfa",
];

static LIKELY_AT_ALL: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(LIKELY).ok()
});

/// Words behind a secret's name that say how it is written, and nothing about it.
const FOLLOWING: &[&str] =
    &["value", "text", "plain", "plaintext", "cleartext", "clear", "pem", "raw", "base64", "b64", "num"];

/// What a name says about the value under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) detector: Detector,
    /// The name is a plural: a number under it counts, and is no secret.
    pub(super) several: bool,
}

/// The detector that a value under this name belongs to, if any that is on.
pub(super) fn detect(key: &str, enabled: DetectorSet) -> Option<Named> {
    let key = plain(key);
    if key.len() > NAME_LENGTH_MAX || !has_pairs_of_one(&key) || !is_likely(&key) {
        return None;
    }
    let mut words = words(&key);
    // `password2` is a password like the first.
    let numbered = |last: &String| last.bytes().all(|b| b.is_ascii_digit());
    while words.len() > 1 && words.last().is_some_and(numbered) {
        words.pop();
    }
    let several = words.last_mut().is_some_and(singular);
    let rule = |words: &[String]| {
        RULES.iter().find(|(detector, rule)| rule(words) && enabled.contains(*detector)).map(|(d, _)| *d)
    };
    let mut found = rule(&words);
    // `passwordText` and `private_key_pem` hold what they would without the last word.
    while found.is_none()
        && words.len() > 1
        && words.last().is_some_and(|last| FOLLOWING.contains(&last.as_str()) || numbered(last))
    {
        words.pop();
        found = rule(&words);
    }
    found.map(|detector| Named { detector, several })
}

/// As it reads: compatibility forms (fullwidth letters) folded, and what is not seen taken out.
fn plain(key: &str) -> Cow<'_, str> {
    if key.is_ascii() {
        return Cow::Borrowed(key);
    }
    Cow::Owned(key.nfkc().filter(|c| !is_invisible(*c)).collect())
}

/// Characters without a shape (Unicode's `Default_Ignorable_Code_Point`, and control characters).
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether [`is_likely`] may say yes, which of most names costs nothing but this: all pairs of letters
/// that are neighbours in one of [`LIKELY`] are in the name. Pairs are told apart by 64 bits.
fn has_pairs_of_one(key: &str) -> bool {
    const OF_EACH: [u64; LIKELY.len()] = {
        let mut of_each = [0; LIKELY.len()];
        let mut at = 0;
        while at < LIKELY.len() {
            let word = LIKELY[at].as_bytes();
            let mut letter = 1;
            while letter < word.len() {
                of_each[at] |= pair(word[letter - 1], word[letter]);
                letter += 1;
            }
            at += 1;
        }
        of_each
    };
    // What of other letters is a letter, is a longer question.
    if !key.is_ascii() {
        return true;
    }
    let mut pairs = 0;
    let mut before = 0;
    for byte in key.bytes().filter(u8::is_ascii_alphanumeric) {
        pairs |= pair(before, byte);
        before = byte;
    }
    OF_EACH.iter().filter(|of_one| pairs & **of_one == **of_one).count() > 0
}

/// The bit of two neighbours, whatever their case.
const fn pair(before: u8, letter: u8) -> u64 {
    1 << (((before & 0x1f) as u32 * 7 + (letter & 0x1f) as u32) % 64)
}

/// Whether one of [`LIKELY`] stands in the letters and digits of a name, across whatever else.
fn is_likely(key: &str) -> bool {
    let Some(likely) = LIKELY_AT_ALL.as_ref() else { return true };
    if key.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return likely.is_match(key);
    }
    likely.is_match(&key.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(key: &str) -> Option<&'static str> {
        detect(key, DetectorSet::default()).map(|named| named.detector.name())
    }

    #[test]
    fn secrets_are_known_by_their_names() {
        for (detector, names) in [
            (
                "password_key",
                "password Password masterUserPassword MASTER_USER_PASSWORD db.password newPassword passwordConfirm \
                password_confirmation userpassword passwd keyPassphrase pwd password2 password_17 clientPassword2 LoginProfile.Password PassWord \
                passWord pass_word pass-word PASS.WORD passwordNum password_text passwords passwords[] password_1_value ｐａｓｓｗｏｒｄ \
                pass\u{200b}word p\u{ad}assword pass\u{feff}Word",
            ),
            (
                "secret_key",
                "secret clientSecret client_secret secretAccessKey SecretAccessKey secretString secretBinary apiKey \
                x-api-key private_key privateKey webhookSecret connectionString AZURE_STORAGE_ACCOUNT_KEY secrets secrets[] api_keys[] apiKeys accessKey access_key \
                private_key_pem privateKeyPem SeCret ＡＰＩ＿ＫＥＹ",
            ),
            (
                "token_key",
                "token pass sessionToken accessToken refresh_token idToken authToken x-amz-security-token authorization \
                Authorization proxy-authorization cookie Set-Cookie jwt csrfToken oAuthToken db_pass dbPass tokens tokens[] accessTokens tokenValue credentials to\u{200d}ken",
            ),
            ("card_key", "cardNumber credit_card cvv cvc CVV2"),
        ] {
            for name in names.split_whitespace() {
                assert_eq!(rule(name), Some(detector), "{name}");
            }
        }
    }

    /// Names that real events have and that only sound like secrets.
    #[test]
    fn what_only_sounds_like_a_secret_stays() {
        for name in "clientRequestToken nextToken NextToken next_token clientToken ClientToken pageToken continuationToken \
            idempotencyToken lockToken changeToken syncToken tokenType token_type tokenId tokenCount maxTokens nextTokens secretId secretARN \
            SecretARN SecretVersionId secretName secretArn secretList passwordLastUsed passwordResetRequired \
            PasswordUpdated passwordPolicy minimumPasswordLength hasPassword2Factor accessKeyId accesKeyId accessKeyIds keyId KeyId \
            kmsKeyId keySpec key keys keyName Key x-amz-server-side-encryption-aws-kms-key-id sSHPublicKey publicKey \
            sessionCredentialFromConsole mfaAuthenticated AuthenticationMethod authorizationType authorizerId cookiePolicy \
            iAMDatabaseAuthenticationEnabled credentialId primaryKey partitionKey compass bypass byPass by_pass Compass trespass passed author \
            authority tokenizer keyboard passenger passport cardinality discard"
            .split_whitespace()
        {
            assert_eq!(rule(name), None, "{name}");
        }
    }

    #[test]
    fn a_plural_is_told_from_one() {
        let several = |key| detect(key, DetectorSet::default()).map(|named| named.several);
        assert_eq!(["secrets", "apiKeys", "secret"].map(several), [Some(true), Some(true), Some(false)]);
    }

    #[test]
    fn a_detector_that_is_off_lets_the_name_pass() {
        let off = DetectorSet::default().without(Detector::PasswordKey);
        assert_eq!(detect("password", off), None);
    }

    #[test]
    fn a_tenants_own_names_are_folded() {
        let extra = ExtraKeys::new(vec![ExtraKeys::fold("tax_id").unwrap_or_default()]);
        for name in ["taxId", "TAX-ID", "tax.id", "taxid"] {
            assert!(extra.contain(name), "{name}");
        }
        assert!(!extra.contain("taxIds"));
        assert_eq!(ExtraKeys::fold("-"), None);
    }
}
