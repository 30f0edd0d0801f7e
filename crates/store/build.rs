//! The migrations are embedded: a new file in their folder is a reason to build again. And the binary is
//! told whether it may fail on request (src/fault.rs), for it has no other way to know.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    if std::env::var_os("CARGO_FEATURE_FAULTS").is_some() {
        println!("cargo:faults=1");
    }
}
