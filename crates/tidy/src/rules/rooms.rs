//! One file, one thing: how long files are.

use crate::Tree;

/// No file is longer.
const LINES_MAX: usize = 800;
/// Nine in ten files are no longer.
const LINES_OF_NINE_IN_TEN: usize = 300;

/// Files of the product that are too long, and too many that are long. A file's own tests count
/// apart; a file of tests is held to the greatest length only. (Functions are held to 70 lines by
/// clippy's `too_many_lines`.)
pub fn check(tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut lengths = Vec::new();
    for file in tree.ending(".rs") {
        let product = file.product_lines().count();
        for (what, lines) in [("", product), (" of tests", file.test_lines().count())] {
            if lines > LINES_MAX {
                wrong.push(format!("{}: {lines} lines{what}, at most {LINES_MAX}", file.path));
            }
        }
        if product > 0 {
            lengths.push((product, file.path.as_str()));
        }
    }
    lengths.sort_unstable();
    let long: Vec<_> = lengths.iter().filter(|(lines, _)| *lines > LINES_OF_NINE_IN_TEN).collect();
    if long.len() * 10 > lengths.len() {
        let listed: Vec<_> = long.iter().map(|(lines, path)| format!("{path} {lines}")).collect();
        wrong.push(format!(
            "{} of {} files have more than {LINES_OF_NINE_IN_TEN} lines, at most one in ten may: {}",
            long.len(),
            lengths.len(),
            listed.join(", ")
        ));
    }
    wrong
}

/// The length of the file in the middle, for people.
pub fn median(tree: &Tree) -> usize {
    let mut lengths: Vec<_> =
        tree.ending(".rs").map(|f| f.product_lines().count()).filter(|n| *n > 0).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(n: usize) -> String {
        "x\n".repeat(n)
    }

    #[test]
    fn a_file_past_the_limit_is_found() {
        let found = check(&Tree::of(&[("crates/a/src/lib.rs", &lines(801))]));
        assert!(found[0].contains("crates/a/src/lib.rs: 801 lines"), "{found:?}");
        let with_tests = format!("{}#[cfg(test)]\nmod tests {{\n{}", lines(200), lines(700));
        assert_eq!(check(&Tree::of(&[("crates/a/src/lib.rs", &with_tests)])), Vec::<String>::new());
    }

    #[test]
    fn too_many_long_files_are_found() {
        let (short, long) = (lines(10), lines(301));
        let few: Vec<(String, &str)> = (0..10)
            .map(|n| (format!("crates/a/src/{n}.rs"), if n == 0 { &*long } else { &*short }))
            .collect();
        let few: Vec<_> = few.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        assert_eq!(check(&Tree::of(&few)), Vec::<String>::new());
        let found = check(&Tree::of(&few[..9]));
        assert!(found[0].starts_with("1 of 9 files have more than 300 lines"), "{found:?}");
        assert_eq!(median(&Tree::of(&few)), 10);
    }
}
