//! A name as its words.

/// The words of a name in lower case: split at what is no letter or digit, before a capital that
/// follows a small letter, before the last capital of several (`DBPassword`), and around digits.
pub(super) fn words(key: &str) -> Vec<String> {
    let letters: Vec<char> = key.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, &c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|i| letters.get(i)).copied();
        let after = letters.get(at + 1).copied();
        if !word.is_empty() && (!c.is_alphanumeric() || begins_word(before, c, after)) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn begins_word(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else {
        return false;
    };
    let hump = c.is_uppercase()
        && (before.is_lowercase() || (before.is_uppercase() && after.is_some_and(char::is_lowercase)));
    hump || before.is_ascii_digit() != c.is_ascii_digit()
}

/// Takes a plural's `s` away; whether there was one.
pub(super) fn singular(word: &mut String) -> bool {
    const PLURALS: &[&str] = &[
        "passwords",
        "passwds",
        "pwds",
        "passphrases",
        "passcodes",
        "secrets",
        "keys",
        "apikeys",
        "secretkeys",
        "accesskeys",
        "privatekeys",
        "tokens",
        "accesstokens",
        "authtokens",
        "refreshtokens",
        "sessiontokens",
        "jwts",
        "otps",
        "cookies",
        "cards",
        "creditcards",
        "cardnumbers",
        "numbers",
        "strings",
    ];
    let plural = PLURALS.contains(&word.as_str());
    if plural {
        word.pop();
    }
    plural
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_words() {
        for (name, parts) in [
            ("masterUserPassword", "master user password"),
            ("DB_PASSWORD", "db password"),
            ("DBPassword", "db password"),
            ("x-amz-security-token", "x amz security token"),
            ("SecretARN", "secret arn"),
            ("password2", "password 2"),
            ("oAuthToken", "o auth token"),
            ("iAMDatabaseAuthenticationEnabled", "i am database authentication enabled"),
        ] {
            assert_eq!(words(name).join(" "), parts, "{name}");
        }
    }
}
