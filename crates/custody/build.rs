//! `cfg(faults)`: what only a binary has that fails on request (`custody_store::fault`). The tests' has it,
//! no shipped one.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(faults)");
    if std::env::var_os("DEP_CUSTODY_STORE_FAULTS").is_some() {
        println!("cargo:rustc-cfg=faults");
    }
}
