//! The texts that each target begins with: `fuzz/seeds/<target>/*`. What once broke something is put
//! there too, and stays.

use std::{fs, io, path::Path};

/// The seeds of a target by their file's name, in the order of the names.
pub fn of(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut seeds = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        seeds.push((file.file_name().to_string_lossy().into_owned(), fs::read(file.path())?));
    }
    seeds.sort();
    Ok(seeds)
}
