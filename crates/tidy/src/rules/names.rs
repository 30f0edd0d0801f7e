//! Names are the field's own. Some say nothing and attract everything.

use crate::Tree;

const EMPTY_NAMES: [&str; 5] = ["manager", "helper", "util", "utils", "common"];

/// Files, folders and types with a name that says nothing.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in tree.ending(".rs") {
        for part in file.path.trim_end_matches(".rs").split(['/', '_', '-']) {
            if EMPTY_NAMES.contains(&part.trim_end_matches('s')) {
                wrong.push(format!("{}: {part:?} says nothing; name what it does", file.path));
            }
        }
        for (index, line) in file.text.lines().enumerate() {
            let Some(name) = declared(line) else { continue };
            let lower = name.to_lowercase();
            if EMPTY_NAMES.iter().any(|empty| lower.ends_with(empty)) {
                wrong.push(format!("{}:{}: {name} says nothing; name what it does", file.path, index + 1));
            }
        }
    }
    wrong
}

/// The type or module that this line declares.
fn declared(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|w| w.starts_with("pub"));
    matches!(words.next()?, "struct" | "enum" | "trait" | "mod" | "type").then_some(())?;
    words.next()?.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_says_nothing_is_found() {
        assert_eq!(check(&Tree::of(&[("crates/a/src/util.rs", "")])).len(), 1);
        assert_eq!(check(&Tree::of(&[("crates/a/src/http_helpers.rs", "")])).len(), 1);
        assert_eq!(
            check(&Tree::of(&[("crates/a/src/b.rs", "pub(crate) struct SessionManager<T> {}\n")])).len(),
            1
        );
        assert_eq!(check(&Tree::of(&[("crates/a/src/b.rs", "mod common;\n")])).len(), 1);
    }

    #[test]
    fn other_names_are_left_alone() {
        assert_eq!(
            check(&Tree::of(&[("crates/a/src/lease.rs", "pub struct Lease; // no manager\n")])),
            Vec::<String>::new()
        );
    }
}
