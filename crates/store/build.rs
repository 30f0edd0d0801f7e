//! The migrations are embedded: a new file in their folder is a reason to build again.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
