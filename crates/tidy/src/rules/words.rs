//! Text that must not stand in some places.

use crate::{File, Tree};

struct Ban {
    /// Whole or parts of it, as it would stand in a file.
    word: &'static str,
    place: fn(&File) -> bool,
    lines: Lines,
    why: &'static str,
}

enum Lines {
    All,
    Product,
    /// Tests, but for lines with a comment of their own above them that gives the reason.
    UnexplainedTests,
}

fn rust(file: &File) -> bool {
    file.path.rsplit('.').next() == Some("rs") && everywhere(file)
}

fn everywhere(file: &File) -> bool {
    // This crate has to name what it looks for.
    !file.path.starts_with("crates/tidy/")
}

fn domain(file: &File) -> bool {
    file.path.starts_with("crates/domain/")
}

fn outside_the_binary(file: &File) -> bool {
    rust(file) && !file.path.starts_with("crates/custody/") && file.path != "crates/auth/src/scope.rs"
}

fn api(file: &File) -> bool {
    file.path.starts_with("crates/api/")
}

fn outside_the_test_kit(file: &File) -> bool {
    rust(file) && !file.path.starts_with("crates/testkit/")
}

const BANS: &[Ban] = &[
    Ban { word: "todo!(", place: rust, lines: Lines::All, why: "finish it or leave it out" },
    Ban { word: "unimplemented!(", place: rust, lines: Lines::All, why: "finish it or leave it out" },
    Ban { word: "FIXME", place: everywhere, lines: Lines::All, why: "mend it or file it" },
    Ban { word: "TODO", place: rust, lines: Lines::All, why: "do it or file it" },
    Ban { word: "/work/", place: everywhere, lines: Lines::All, why: "a path of one machine" },
    Ban { word: "/root/", place: everywhere, lines: Lines::All, why: "a path of one machine" },
    Ban { word: "/home/", place: everywhere, lines: Lines::All, why: "a path of one machine" },
    Ban {
        word: "SystemAuthority::assume",
        place: outside_the_binary,
        lines: Lines::Product,
        why: "only the binary, where the parts are wired together, may act for the system",
    },
    Ban { word: "Utc::now", place: domain, lines: Lines::Product, why: "the domain is handed its time" },
    Ban { word: "SystemTime", place: domain, lines: Lines::Product, why: "the domain is handed its time" },
    Ban { word: "std::fs", place: domain, lines: Lines::Product, why: "the domain does no input or output" },
    Ban {
        word: "std::net::Tcp",
        place: domain,
        lines: Lines::Product,
        why: "the domain does no input or output",
    },
    Ban { word: "sqlx::", place: api, lines: Lines::Product, why: "the edge holds no SQL" },
    Ban {
        word: "sleep(",
        place: outside_the_test_kit,
        lines: Lines::UnexplainedTests,
        why: "a test waits for a condition (custody_testkit::eventually), never for a time",
    },
];

pub fn check(tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    for ban in BANS {
        for file in tree.files.iter().filter(|file| (ban.place)(file)) {
            let lines: Box<dyn Iterator<Item = (usize, &str)>> = match ban.lines {
                Lines::All => Box::new(file.text.lines().enumerate().map(|(index, line)| (index + 1, line))),
                Lines::Product => Box::new(file.product_lines()),
                Lines::UnexplainedTests => Box::new(unexplained(file)),
            };
            let found = lines.filter(|(_, line)| has(line, ban.word));
            wrong.extend(found.map(|(n, _)| format!("{}:{n}: {:?}: {}", file.path, ban.word, ban.why)));
        }
    }
    wrong
}

/// The lines of tests that have no comment right above them.
fn unexplained(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let mut above = "";
    file.test_lines().filter(move |(_, line)| {
        let explained = above.trim_start().starts_with("//");
        above = line;
        !explained
    })
}

/// Whether the word stands in the line, not as the end of a longer one (`/net/work/`).
fn has(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn each_ban_can_be_broken() {
        for ban in BANS {
            let text = match ban.lines {
                Lines::All | Lines::Product => format!("let x = {};\n", ban.word),
                Lines::UnexplainedTests => format!("#[cfg(test)]\nmod tests {{\n {}\n", ban.word),
            };
            let places = ["crates/domain/src/a.rs", "crates/api/src/a.rs"];
            assert!(places.iter().any(|place| found(place, &text) == 1), "{}", ban.word);
        }
    }

    #[test]
    fn what_is_allowed_somewhere_is_allowed_there() {
        assert_eq!(found("crates/custody/src/serve.rs", "SystemAuthority::assume()\n"), 0);
        assert_eq!(found("crates/ledger/src/a.rs", "SystemAuthority::assume()\n"), 1);
        assert_eq!(found("crates/ledger/tests/it/main.rs", "SystemAuthority::assume()\n"), 0);
        assert_eq!(found("crates/testkit/src/wait.rs", "sleep(x)\n"), 0);
        assert_eq!(found("crates/client/src/send.rs", "tokio::time::sleep(x)\n"), 0);
        assert_eq!(found("crates/client/tests/it/a.rs", "tokio::time::sleep(x)\n"), 1);
        assert_eq!(
            found("crates/client/tests/it/a.rs", "// The clock is paused.\ntokio::time::sleep(x)\n"),
            0
        );
        assert_eq!(found("docs/a.md", "net/work/ and TODO lists\n"), 0);
        assert_eq!(found("docs/a.md", "see /work/x\n"), 1);
    }
}
