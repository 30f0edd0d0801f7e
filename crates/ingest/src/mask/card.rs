//! Payment card numbers (ISO/IEC 7812): the issuer's prefix and length, and the Luhn digit. All
//! three, because one number in ten has a Luhn digit by chance and audit logs are full of numbers.

/// The fewest digits that a card's number has.
pub(super) const DIGITS_MIN: usize = 13;
/// The most groups that it is printed in.
const GROUPS_MAX: usize = 5;

/// Calls `found` with where each card number begins and ends. Every beginning is tried, so that a
/// number in front (`2026 4111 …`) hides none.
pub(super) fn find(text: &str, mut found: impl FnMut(usize, usize)) {
    let groups = groups(text);
    let mut at = 0;
    while at < groups.len() {
        let (start, _) = groups[at];
        let windows = (0..GROUPS_MAX).map_while(|more| groups.get(at + more).map(|group| (more, group.1)));
        let card = windows
            .take_while(|(more, _)| (1..=*more).all(|i| groups[at + i].0 == groups[at + i - 1].1 + 1))
            .find(|(_, end)| stands_alone(text, start, *end) && is_card(&text[start..*end]));
        match card {
            Some((more, end)) => {
                found(start, end);
                at += more + 1;
            }
            None => at += 1,
        }
    }
}

/// Where each run of digits begins and ends.
fn groups(text: &str) -> Vec<(usize, usize)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()) {
        match groups.last_mut() {
            Some(group) if group.1 == at => group.1 = at + 1,
            _ => groups.push((at, at + 1)),
        }
    }
    groups
}

/// Not part of a longer number, an id or a decimal fraction.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '+');
    let mut behind = text[end..].chars();
    let continues = match behind.next() {
        Some('.') => behind.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_ascii_alphanumeric() || matches!(c, '-' | '_'),
        None => false,
    };
    !continues && !text[..start].ends_with(joins)
}

/// Whether the digits of `text` are a card's. Separators, if any, are single spaces, dashes or dots, all
/// of one kind, in the groups that are printed on cards.
pub(super) fn is_card(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    known_issuer(&digits) && well_grouped(text, digits.len()) && luhn(&digits)
}

fn known_issuer(digits: &[u8]) -> bool {
    let prefix = |n: usize| digits.iter().take(n).fold(0_u32, |sum, d| sum * 10 + u32::from(*d));
    match digits.len() {
        // Diners Club
        14 => matches!(prefix(3), 300..=305 | 309 | 360..=369 | 380..=399),
        // American Express
        15 => matches!(prefix(2), 34 | 37),
        // Visa, Mastercard, Discover, JCB, UnionPay
        16 => {
            prefix(1) == 4
                || matches!(prefix(2), 51..=55 | 62 | 65)
                || matches!(prefix(4), 2221..=2720 | 3528..=3589 | 6011)
                || matches!(prefix(3), 644..=649)
        }
        // The rare lengths of Visa and UnionPay: a 19-digit number is an id far more often, so only
        // where it is grouped like a card, which `well_grouped` sees to.
        13 | 19 => prefix(1) == 4 || prefix(2) == 62,
        _ => false,
    }
}

fn well_grouped(text: &str, digits: usize) -> bool {
    let separator = match text.bytes().find(|b| !b.is_ascii_digit()) {
        None => return digits != 13 && digits != 19,
        Some(separator @ (b' ' | b'-' | b'.')) => char::from(separator),
        Some(_) => return false,
    };
    let groups: Vec<usize> = text
        .split(separator)
        .map(|g| if g.bytes().all(|b| b.is_ascii_digit()) { g.len() } else { 0 })
        .collect();
    matches!(groups.as_slice(), [4, 4, 4, 4 | 1] | [4, 6, 4 | 5] | [4, 3, 3, 3] | [4, 4, 4, 4, 3])
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &d)| {
            let d = u32::from(d);
            if i % 2 == 0 { d } else { d * 2 / 10 + d * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::{find, is_card};

    /// The test numbers that the card schemes publish.
    #[test]
    fn the_schemes_test_numbers_are_cards() {
        for number in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
            "30569309025904",
            "3530111333300000",
            "6200000000000005",
        ] {
            assert!(is_card(number), "{number}");
        }
    }

    #[test]
    fn other_numbers_are_not() {
        for number in [
            "4111111111111112",
            "1700000000000000",
            "123837392027",
            "4111 1111-1111 1111",
            "4111.1111-1111.1111",
            "41111111 11111111",
            "9999999999999995",
            "4111x1111x1111x1111",
            "1234567890123452",
            "4222222222222",
        ] {
            assert!(!is_card(number), "{number}");
        }
    }

    #[test]
    fn a_card_is_found_among_other_numbers() {
        for (text, cards) in [
            ("2026 4111 1111 1111 1111", vec!["4111 1111 1111 1111"]),
            ("4111111111111111, 5555-5555-5555-4444.", vec!["4111111111111111", "5555-5555-5555-4444"]),
            ("id-4111111111111111 x4111111111111111 4111111111111111-7 4111111111111111.5", vec![]),
        ] {
            let mut found = Vec::new();
            find(text, |start, end| found.push(&text[start..end]));
            assert_eq!(found, cards);
        }
    }
}
