//! The crates of the workspace and what each depends on.

use std::{io, path::Path, process::Command};

use serde_json::Value;

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    pub name: String,
    pub dependencies: Vec<Dependency>,
}

/// One line of `[dependencies]` or `[dev-dependencies]`.
#[derive(Clone, Debug)]
pub struct Dependency {
    pub name: String,
    pub only_tests: bool,
}

impl Package {
    /// A crate to try a rule on; `dev:` before a name makes it a dependency of tests.
    pub fn of(name: &str, dependencies: &[&str]) -> Self {
        let dependency = |text: &&str| Dependency {
            name: text.trim_start_matches("dev:").to_owned(),
            only_tests: text.starts_with("dev:"),
        };
        Self { name: name.to_owned(), dependencies: dependencies.iter().map(dependency).collect() }
    }
}

/// Asks cargo, without the network.
pub fn read(root: &Path) -> io::Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()?;
    if !told.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&told.stderr).into_owned()));
    }
    let metadata: Value = serde_json::from_slice(&told.stdout)?;
    Ok(list(&metadata["packages"]).iter().map(package).collect())
}

fn package(value: &Value) -> Package {
    let dependencies = list(&value["dependencies"]);
    Package {
        name: text(&value["name"]),
        dependencies: dependencies
            .iter()
            .map(|d| Dependency { name: text(&d["name"]), only_tests: d["kind"] == "dev" })
            .collect(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
