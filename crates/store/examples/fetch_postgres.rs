//! Fetches the PostgreSQL release that `serve` would fetch where none is installed, into a folder,
//! and prints where its programs are: `cargo run -p custody-store --example fetch_postgres -- DIR`.
//! The tests run against it beside Debian's older one.

use std::path::PathBuf;

use custody_store::embedded::binaries::{Config, find};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or_else(|| anyhow::anyhow!("name a folder"))?.into();
    std::fs::create_dir_all(&folder)?;
    let mut config = Config::default();
    config.look_around = false;
    let binaries = find(&config, None, Some(&folder)).await?;
    println!("{}", binaries.bin_dir.display());
    Ok(())
}
