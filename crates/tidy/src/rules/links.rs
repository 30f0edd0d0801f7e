//! Links between documents lead somewhere.

use std::collections::HashMap;

use crate::{File, Tree};

/// Relative links of Markdown files to files, folders and headings that are not there.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in tree.ending(".md") {
        for (line, target) in links(&file.text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if path.is_empty() { Some(file.path.clone()) } else { resolve(&file.path, path) };
            let Some(path) = path.filter(|p| tree.has(p)) else {
                wrong.push(format!("{}:{line}: no such file: {target}", file.path));
                continue;
            };
            let known = tree
                .file(&path)
                .is_none_or(|to| heading.is_empty() || headings(to).contains(&heading.to_owned()));
            if !known {
                wrong.push(format!("{}:{line}: no such heading: {target}", file.path));
            }
        }
    }
    wrong
}

/// Each `](target)` outside of code, with its line.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (line, rest) in prose(text) {
        let mut rest = rest;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else { break };
            found.push((line, target));
            rest = after;
        }
    }
    found
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        (!fenced).then_some((index + 1, line))
    })
}

/// `target`, seen from the folder of `from`; none where it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The anchors of a document's headings, as GitHub makes them.
fn headings(file: &File) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let titles = prose(&file.text).filter_map(|(_, line)| line.strip_prefix('#'));
    titles
        .map(|title| {
            let title = title.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
            let times = seen.entry(anchor.clone()).and_modify(|n| *n += 1).or_default();
            if *times == 0 { anchor } else { format!("{anchor}-{times}") }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(readme: &str) -> Vec<String> {
        check(&Tree::of(&[
            ("README.md", readme),
            ("docs/a.md", "# A\n## It's `so`: two\n## B\n## B\n"),
            ("docs/b.md", "[up](../README.md)"),
        ]))
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        let good = "# Top\n[a](docs/a.md) [b](./docs/a.md#its-so-two) [c](#top) [d](docs/) [e](https://example.org/x)\n\
            [f](docs/a.md#b-1)\n```\n[g](nowhere)\n```\n";
        assert_eq!(wrong(good), Vec::<String>::new());
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        assert_eq!(wrong("x\n[a](docs/none.md)"), ["README.md:2: no such file: docs/none.md"]);
        assert_eq!(wrong("[a](docs/a.md#c)"), ["README.md:1: no such heading: docs/a.md#c"]);
        assert_eq!(wrong("[a](../outside.md)"), ["README.md:1: no such file: ../outside.md"]);
        assert_eq!(wrong("[a](#none)").len(), 1);
    }
}
