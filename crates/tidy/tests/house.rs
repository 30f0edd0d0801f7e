//! Holds this repository to the rules.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

use std::path::{Path, PathBuf};

use custody_tidy::{Tree, rules, workspace};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn tree() -> Tree {
    Tree::read(&root()).expect("this is a git checkout")
}

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let tree = tree();
    println!("median: {} lines", rules::rooms::median(&tree));
    none(&rules::rooms::check(&tree));
}

#[test]
fn arrows_between_crates_point_down() {
    none(&rules::arrows::check(&workspace::read(&root()).expect("cargo metadata answers")));
}

#[test]
fn crates_say_what_they_are_for() {
    none(&rules::crate_docs::check(&tree()));
}

#[test]
fn nothing_stands_where_it_must_not() {
    none(&rules::words::check(&tree()));
}

#[test]
fn names_say_something() {
    none(&rules::names::check(&tree()));
}

#[test]
fn links_lead_somewhere() {
    none(&rules::links::check(&tree()));
}

#[test]
fn documented_commands_exist() {
    none(&rules::commands::check(&tree()));
}

#[test]
fn decisions_are_listed_and_whole() {
    none(&rules::decisions::check(&tree()));
}
