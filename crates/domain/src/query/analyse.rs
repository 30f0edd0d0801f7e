//! From a text to its tokens. Engines receive these tokens and never analyse text themselves, so
//! that no two of them can differ.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// Rises whenever the same text could give other tokens than before (also by a newer Unicode in the
/// toolchain): an index that was built by another version must be rebuilt.
pub const ANALYSER_VERSION: u32 = 1;

/// A longer token is cut to so many characters, in the entry and in the query alike.
pub const TOKEN_CHARS_MAX: usize = 64;

/// The form in which texts are compared: compatibility forms resolved (Unicode NFKC), lower case,
/// accents of the Latin, Greek and Cyrillic scripts dropped, `ß` as `ss`, final sigma as sigma.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let folded =
        text.nfkd().flat_map(lower).nfkd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).nfkc().collect();
    Cow::Owned(folded)
}

fn lower(c: char) -> impl Iterator<Item = char> {
    let (double, c) = match c {
        'ß' | 'ẞ' => (true, 's'),
        'ς' => (false, 'σ'),
        _ => (false, c),
    };
    c.to_lowercase().chain(double.then_some('s'))
}

/// The tokens of a text in their order: folded, then cut at everything that is neither a letter nor
/// a digit. A character of a script that writes no spaces is a token of its own.
pub fn tokens(text: &str) -> Vec<String> {
    tokens_of_folded(&fold(text)).map(str::to_owned).collect()
}

/// The tokens of a text that is folded already.
pub fn tokens_of_folded(folded: &str) -> impl Iterator<Item = &str> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let first = rest.chars().next()?;
        let end = if is_spaceless(first) {
            first.len_utf8()
        } else {
            rest.find(|c: char| !c.is_alphanumeric() || is_spaceless(c)).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(cut(token))
    })
}

fn cut(token: &str) -> &str {
    // A token of so many bytes cannot have more characters.
    if token.len() <= TOKEN_CHARS_MAX {
        return token;
    }
    token.char_indices().nth(TOKEN_CHARS_MAX).map_or(token, |(end, _)| &token[..end])
}

/// Thai, Lao, Myanmar, Khmer, Hiragana, Katakana, Han.
fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_cut_at_everything_but_letters_and_digits() {
        for (text, expected) in [
            ("Access denied: s3://bucket_7/key", "access denied s3 bucket 7 key"),
            ("arn:aws:iam::123:user/Alice", "arn aws iam 123 user alice"),
            ("  ", ""),
            ("CreateUser", "createuser"),
            ("Ünïcode façade, straße", "unicode facade strasse"),
            ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
            ("ﬁle ｆｕｌｌ ①", "file full 1"),
            ("東京タワー3F", "東 京 タ ワ ー 3f"),
            ("Ёлка", "елка"),
        ] {
            assert_eq!(tokens(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn a_long_token_is_cut() {
        let long = "é".repeat(TOKEN_CHARS_MAX + 1);
        assert_eq!(tokens(&long), ["e".repeat(TOKEN_CHARS_MAX)]);
        assert_eq!(tokens(&"ж".repeat(200)), ["ж".repeat(TOKEN_CHARS_MAX)]);
    }

    #[test]
    fn every_character_folds_to_what_folds_no_further() {
        for c in (char::MIN..=char::MAX).filter(|c| !c.is_ascii()) {
            let text = c.to_string();
            let once = fold(&text);
            assert_eq!(fold(&once), once, "U+{:x}", u32::from(c));
        }
    }

    proptest! {
        #[test]
        fn a_token_is_its_own_token(text in any::<String>()) {
            for token in tokens(&text) {
                prop_assert_eq!(tokens(&token), vec![token]);
            }
        }

        #[test]
        fn tokens_know_no_case(text in "\\PC*") {
            prop_assert_eq!(tokens(&text), tokens(&fold(&text)));
        }
    }
}
