//! Commands that documents show are the real ones.

use std::collections::BTreeSet;

use crate::Tree;

const MAKEFILE: &str = "Makefile";
/// The binary's clap enums, and where they are.
const CLI: [(&str, &str); 2] = [
    ("crates/custody/src/main.rs", "enum Command {"),
    ("crates/custody/src/command/client.rs", "enum ClientCommand {"),
];

/// `make TARGET` and `custody VERB` in code blocks and `code` of Markdown files, held to the
/// Makefile and to the binary's clap enums.
pub fn check(tree: &Tree) -> Vec<String> {
    let targets = tree.file(MAKEFILE).map(|f| make_targets(&f.text)).unwrap_or_default();
    let enums = CLI.iter().filter_map(|(path, begin)| Some(clap_verbs(&tree.file(path)?.text, begin)));
    let verbs: BTreeSet<_> = enums.flatten().chain(["help".to_owned()]).collect();
    let mut wrong = Vec::new();
    for file in tree.ending(".md") {
        for (line, code) in code(&file.text) {
            for (program, known) in [("make", &targets), ("custody", &verbs)] {
                if let Some(argument) = called(&code, program)
                    && !known.contains(argument)
                {
                    wrong.push(format!("{}:{line}: there is no `{program} {argument}`", file.path));
                }
            }
        }
    }
    wrong
}

/// The first argument of `program` where the line calls it: after variables, a prompt, a pipe.
fn called<'c>(code: &'c str, program: &str) -> Option<&'c str> {
    let mut words =
        code.split_whitespace().skip_while(|w| w.contains('=') || matches!(*w, "$" | "exec" | "sudo"));
    let name = words.next()?.rsplit('/').next()?;
    let argument = words.find(|w| !w.starts_with('-') && !w.contains('='))?;
    let is_word = argument.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    (name == program && is_word).then_some(argument)
}

/// What stands in fences and between backticks, with its line.
fn code(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut fenced) = (Vec::new(), false);
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.push((index + 1, line.to_owned()));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(|c| (index + 1, c.to_owned())));
        }
    }
    found
}

fn make_targets(makefile: &str) -> BTreeSet<String> {
    let rules =
        makefile.lines().filter_map(|line| line.split_once(':').filter(|(_, rest)| !rest.starts_with('=')));
    let names =
        rules.map(|(name, _)| name).filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    names.map(str::to_owned).collect()
}

/// The variants of the enum that begins so, as clap writes them.
fn clap_verbs(source: &str, begin: &str) -> Vec<String> {
    let body = source.split_once(begin).map_or("", |(_, after)| after);
    let body = body.split_once("\n}").map_or(body, |(body, _)| body);
    let variants =
        body.lines().map(str::trim).filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    variants.filter_map(|line| line.split(|c: char| !c.is_alphanumeric()).next()).map(kebab).collect()
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(readme: &str) -> Vec<String> {
        let main = "enum Command {\n    /// Runs.\n    Serve(ServeArgs),\n    ApiKey {\n        id: u8,\n    },\n    Doctor,\n}\n";
        let makefile = "X := y\nrun: build ## Runs\n\tmake test\ntest:\n";
        let client = "enum ClientCommand {\n    /// Asks.\n    Search(SearchArgs),\n}\n";
        check(&Tree::of(&[
            ("README.md", readme),
            (MAKEFILE, makefile),
            ("crates/custody/src/main.rs", main),
            ("crates/custody/src/command/client.rs", client),
        ]))
    }

    #[test]
    fn real_commands_are_fine() {
        let good = "Use `make run` or make it yourself.\n```sh\nSAMPLE=0 make run\n$ custody serve --sample\n\
            target/release/custody api-key\nmake -j2 test\ncustody help\ncustody search x\n```\nA log of custody data; `custody --version`.\n";
        assert_eq!(wrong(good), Vec::<String>::new());
    }

    #[test]
    fn a_command_that_is_not_there_is_found() {
        assert_eq!(wrong("`make bench`"), ["README.md:1: there is no `make bench`"]);
        assert_eq!(wrong("```\ncustody scan run\n```"), ["README.md:2: there is no `custody scan`"]);
        assert_eq!(wrong("`CUSTODY_URL=http://x custody tail`").len(), 1);
    }
}
