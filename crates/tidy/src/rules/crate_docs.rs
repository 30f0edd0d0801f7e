//! A crate opens with what it is for, what it may know and what it must not.

use crate::Tree;

pub fn check(tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in &tree.files {
        let parts: Vec<&str> = file.path.split('/').collect();
        let ["crates", _, "src", "lib.rs" | "main.rs"] = parts.as_slice() else { continue };
        let opening: Vec<&str> = file.text.lines().take_while(|l| l.starts_with("//!")).collect();
        let opening = opening.join("\n");
        if opening.is_empty() {
            wrong.push(format!("{}:1: opens with no //! paragraph", file.path));
        }
        for asked in ["May know:", "Must not:"] {
            if !opening.is_empty() && !opening.contains(asked) {
                wrong.push(format!("{}:1: its opening has no \"{asked}\"", file.path));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_its_paragraph_is_found() {
        let check =
            |text| check(&Tree::of(&[("crates/a/src/lib.rs", text), ("crates/a/src/b.rs", "fn b() {}\n")]));
        assert_eq!(check("//! What.\n//!\n//! May know: x. Must not: y.\n\nmod b;\n"), Vec::<String>::new());
        assert_eq!(check("mod b;\n"), ["crates/a/src/lib.rs:1: opens with no //! paragraph"]);
        assert_eq!(
            check("//! What. May know: x.\n"),
            ["crates/a/src/lib.rs:1: its opening has no \"Must not:\""]
        );
    }
}
