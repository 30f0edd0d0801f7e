//! The detectors that are on unless a tenant's policy turns one off. Their names stand in entries
//! (`masked[].rule`) and in policies, so a name is final.

/// A detector, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Detector {
    PasswordKey,
    SecretKey,
    TokenKey,
    CardKey,
    PrivateKey,
    Jwt,
    BearerToken,
    AwsSecretKey,
    AwsSessionToken,
    KnownToken,
    UrlPassword,
    Assignment,
    PaymentCard,
}

/// Each detector, and what it finds: the table of docs/masking.md.
pub const DETECTORS: &[(Detector, &str)] = &[
    (
        Detector::PasswordKey,
        "a text or number under a key that ends in `password`, `passwd`, `passphrase`, `passcode` or `pwd` (`masterUserPassword`, `DB_PASSWORD`, `pass_word`, `passwords`, `password_confirmation`)",
    ),
    (
        Detector::SecretKey,
        "a text or number under a key that ends in `secret`, `secretKey`, `secretAccessKey`, `secretString`, `secretBinary`, `secretValue`, `privateKey`, `apiKey`, `accessKey`, `accountKey`, `sharedAccessKey`, `connectionString`",
    ),
    (
        Detector::TokenKey,
        "a text under a key that is `token`, `pass`, `authorization`, `cookie`, `jwt` or `otp`, or ends in `credentials`, in `pass` behind another word (`db_pass`), in `proxyAuthorization`, `setCookie`, `sessionCookie`, `otpCode`, `mfaCode`, or in `Token` with one of these in front: access, refresh, session, security, id, auth, authentication, authorization, oauth, api, bearer, csrf, xsrf, personal, verification, confirmation, reset, invite, invitation, registration, bot, task, sas, jwt, user, service, deploy, webhook, login, otp, mfa",
    ),
    (
        Detector::CardKey,
        "a text or number under a key that ends in `cardNumber`, `creditCard`, `cvv`, `cvc`, `csc` or `cardSecurityCode`",
    ),
    (Detector::PrivateKey, "a PEM private key, and an age secret key"),
    (Detector::Jwt, "a JSON Web Token, signed or encrypted"),
    (Detector::BearerToken, "the credential behind `Bearer`, and behind `Authorization:` in a text"),
    (
        Detector::AwsSecretKey,
        "40 characters that look like an AWS secret access key: upper and lower case, digits, high entropy, standing alone",
    ),
    (Detector::AwsSessionToken, "an AWS session token, and the signature and token of a presigned URL"),
    (
        Detector::KnownToken,
        "tokens known by their first letters: GitHub, GitLab, Slack, Stripe, Google, OpenAI, Anthropic, npm, PyPI, SendGrid, DigitalOcean, Vault, Databricks, Azure SAS, Custody's own",
    ),
    (Detector::UrlPassword, "the password in `scheme://user:password@host`"),
    (
        Detector::Assignment,
        "the value in `password=…`, `password: …`, `password => …`, `--token …`, `\"api_key\": \"…\"`, `X-Api-Key: …`, `Cookie: …`, `<password>…</password>` within a text",
    ),
    (
        Detector::PaymentCard,
        "a payment card's number: issuer's prefix, length and Luhn digit, in a text or as a number",
    ),
];

impl Detector {
    /// As entries and policies say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PasswordKey => "password_key",
            Self::SecretKey => "secret_key",
            Self::TokenKey => "token_key",
            Self::CardKey => "card_key",
            Self::PrivateKey => "private_key",
            Self::Jwt => "jwt",
            Self::BearerToken => "bearer_token",
            Self::AwsSecretKey => "aws_secret_key",
            Self::AwsSessionToken => "aws_session_token",
            Self::KnownToken => "known_token",
            Self::UrlPassword => "url_password",
            Self::Assignment => "assignment",
            Self::PaymentCard => "payment_card",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        DETECTORS.iter().map(|(d, _)| *d).find(|d| d.name() == name)
    }
}

/// Which detectors are on; all of them unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectorSet(u16);

impl Default for DetectorSet {
    fn default() -> Self {
        Self(u16::MAX)
    }
}

impl DetectorSet {
    pub(super) fn without(self, detector: Detector) -> Self {
        Self(self.0 & !(1 << detector as u16))
    }

    pub fn contains(self, detector: Detector) -> bool {
        self.0 & (1 << detector as u16) != 0
    }
}
