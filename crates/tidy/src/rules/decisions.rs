//! Every decision stands in the list, and says what it costs.

use crate::Tree;

const FOLDER: &str = "docs/adr/";
const LIST: &str = "docs/adr/README.md";
const PARTS: [&str; 3] = ["## Context", "## Choice", "## Cost"];

/// Decisions that docs/adr/README.md does not link to, or that miss one of their three parts.
pub fn check(tree: &Tree) -> Vec<String> {
    let list = tree.file(LIST).map(|f| f.text.as_str()).unwrap_or_default();
    let mut wrong = Vec::new();
    for file in tree.ending(".md") {
        let Some(name) = file.path.strip_prefix(FOLDER).filter(|name| *name != "README.md") else { continue };
        if !list.contains(&format!("({name})")) {
            wrong.push(format!("{}: is not listed in {LIST}", file.path));
        }
        for part in PARTS {
            if !file.text.lines().any(|line| line == part) {
                wrong.push(format!("{}: has no \"{part}\"", file.path));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_must_be_listed_and_whole() {
        let whole = "# 1\n## Context\n## Choice\n## Cost\n";
        let listed = (LIST, "- [one](0001-one.md)\n");
        assert_eq!(check(&Tree::of(&[listed, ("docs/adr/0001-one.md", whole)])), Vec::<String>::new());
        assert_eq!(check(&Tree::of(&[listed, ("docs/adr/0002-two.md", whole)])).len(), 1);
        assert_eq!(
            check(&Tree::of(&[listed, ("docs/adr/0001-one.md", "# 1\n## Context\n## Choice\n")])).len(),
            1
        );
    }
}
