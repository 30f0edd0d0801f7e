//! Which words make a name that of a secret.

use super::Detector;

type Rule = fn(&[String]) -> bool;

/// The first that holds of a name's words says what is under it.
pub(super) const RULES: &[(Detector, Rule)] = &[
    (Detector::PasswordKey, is_password),
    (Detector::SecretKey, is_secret),
    (Detector::TokenKey, is_token),
    (Detector::CardKey, is_card),
];

fn is_password(words: &[String]) -> bool {
    const OF_PASSWORDS: &[&str] =
        &["confirm", "confirmation", "again", "repeat", "old", "new", "current", "hash", "number"];
    let words = match words {
        [front @ .., _, last] if OF_PASSWORDS.contains(&last.as_str()) => &words[..=front.len()],
        _ => words,
    };
    words.last().is_some_and(|last| last == "pwd")
        || joined_ends_in(words, &["password", "passwd", "passphrase", "passcode"])
}

/// Whether the words written as one end so: `passWord`, `pass_word` and `userpassword` are passwords.
fn joined_ends_in(words: &[String], endings: &[&str]) -> bool {
    let joined = words.concat();
    endings.iter().any(|ending| joined.ends_with(ending))
}

fn is_secret(words: &[String]) -> bool {
    ends_in(
        words,
        &[
            &["secret"],
            &["secret", "key"],
            &["secret", "access", "key"],
            &["secret", "string"],
            &["secret", "binary"],
            &["secret", "value"],
            &["private", "key"],
            &["api", "key"],
            &["account", "key"],
            &["shared", "access", "key"],
            &["connection", "string"],
            &["access", "key"],
        ],
    ) || joined_ends_in(
        words,
        &["secret", "secretkey", "secretaccesskey", "privatekey", "apikey", "accesskey"],
    )
}

fn is_token(words: &[String]) -> bool {
    const NO_PASS: &[&str] = &["by", "com", "tres", "sur", "over", "under", "en"];
    const KINDS: &[&str] = &[
        "access",
        "refresh",
        "session",
        "security",
        "id",
        "auth",
        "authentication",
        "authorization",
        "oauth",
        "api",
        "bearer",
        "csrf",
        "xsrf",
        "personal",
        "verification",
        "confirmation",
        "reset",
        "invite",
        "invitation",
        "registration",
        "bot",
        "task",
        "sas",
        "jwt",
        "user",
        "service",
        "deploy",
        "webhook",
        "login",
        "otp",
        "mfa",
    ];
    let kind_of_token =
        matches!(words, [.., kind, last] if last == "token" && KINDS.contains(&kind.as_str()));
    // `db_pass` too, and not `by_pass`.
    let pass = matches!(words, [.., kind, last] if last == "pass" && !NO_PASS.contains(&kind.as_str()));
    // `pass` stands here, among the names under which only a text is a secret: `{"pass": 12, "fail": 0}`.
    let whole = ["pass", "token", "authorization", "cookie", "jwt", "otp", "idtoken"];
    kind_of_token
        || pass
        || whole.contains(&words.concat().as_str())
        || joined_ends_in(words, &["accesstoken", "refreshtoken", "sessiontoken", "authtoken", "apitoken"])
        || ends_in(
            words,
            &[
                &["proxy", "authorization"],
                &["set", "cookie"],
                &["session", "cookie"],
                &["otp", "code"],
                &["mfa", "code"],
                &["credentials"],
            ],
        )
}

fn is_card(words: &[String]) -> bool {
    ends_in(
        words,
        &[
            &["card", "number"],
            &["card", "num"],
            &["credit", "card"],
            &["cardnumber"],
            &["creditcard"],
            &["cvv"],
            &["cvc"],
            &["csc"],
            &["card", "security", "code"],
        ],
    )
}

fn ends_in(words: &[String], endings: &[&[&str]]) -> bool {
    endings.iter().any(|ending| {
        words.len() >= ending.len()
            && words[words.len() - ending.len()..].iter().zip(*ending).all(|(w, e)| w == e)
    })
}
