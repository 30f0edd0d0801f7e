//! The repository as text.

use std::{collections::BTreeSet, io, path::Path, process::Command};

/// A text file; `path` is relative to the root, with `/`.
#[derive(Clone, Debug)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// All text files, and the paths of all files and folders.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub files: Vec<File>,
    paths: BTreeSet<String>,
}

impl Tree {
    /// What git tracks or would track; binary files count as paths only.
    pub fn read(root: &Path) -> io::Result<Self> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()?;
        if !listed.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&listed.stderr).into_owned()));
        }
        let mut tree = Self::default();
        for path in String::from_utf8_lossy(&listed.stdout).split('\0').filter(|p| !p.is_empty()) {
            match std::fs::read(root.join(path)) {
                Ok(bytes) => tree.add(path, String::from_utf8(bytes).ok()),
                // Deleted and not yet committed so.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(tree)
    }

    /// A tree of these files, to try a rule on.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, Some((*text).to_owned()));
        }
        tree
    }

    fn add(&mut self, path: &str, text: Option<String>) {
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        self.paths.extend(folders.map(str::to_owned));
        self.paths.insert(path.to_owned());
        self.files.extend(text.map(|text| File { path: path.to_owned(), text }));
    }

    /// Whether there is such a file or folder.
    pub fn has(&self, path: &str) -> bool {
        path.is_empty() || self.paths.contains(path.trim_end_matches('/'))
    }

    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|f| f.path == path)
    }

    pub fn ending<'t>(&'t self, end: &'t str) -> impl Iterator<Item = &'t File> {
        self.files.iter().filter(move |f| f.path.ends_with(end))
    }
}

impl File {
    /// Whether only tests use it.
    pub fn is_test(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        parts.iter().any(|p| matches!(*p, "tests" | "testkit" | "tidy" | "benches" | "examples"))
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
    }

    /// The lines, numbered from 1, that are part of the product: all before the tests within.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = if self.is_test() { 0 } else { self.tests_start() };
        self.text.lines().enumerate().take(end).map(|(index, line)| (index + 1, line))
    }

    /// The lines, numbered from 1, that are tests.
    pub fn test_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let start = if self.is_test() { 0 } else { self.tests_start() };
        self.text.lines().enumerate().skip(start).map(|(index, line)| (index + 1, line))
    }

    fn tests_start(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens = |pair: &[&str]| matches!(pair, [a, b] if a.trim() == "#[cfg(test)]" && opens_module(b));
        lines.windows(2).position(opens).unwrap_or(lines.len())
    }
}

/// `mod tests {` or, with a path attribute before it, `#[path = …]`.
fn opens_module(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("mod ") || line.starts_with("pub(crate) mod ") || line.starts_with("#[path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_tests_are_apart() {
        let file =
            File { path: "crates/a/src/b.rs".into(), text: "x\n#[cfg(test)]\nmod tests {\n}\n".into() };
        assert_eq!(file.product_lines().collect::<Vec<_>>(), [(1, "x")]);
        assert_eq!(file.test_lines().count(), 3);
        let test = File { path: "crates/a/tests/it/main.rs".into(), text: "x\n".into() };
        assert_eq!((test.product_lines().count(), test.test_lines().count()), (0, 1));
    }

    #[test]
    fn folders_are_there_too() {
        let tree = Tree::of(&[("a/b/c.rs", "")]);
        assert!(tree.has("a/b") && tree.has("a/") && tree.has("a/b/c.rs") && !tree.has("a/c"));
    }
}
