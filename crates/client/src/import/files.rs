//! From what was named on the command line to open files.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    faults::{Fault, FileFault},
    progress::Progress,
};

/// The files to read, in the order named, folders by name; and what could not be found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<Named>,
    pub(super) faults: Vec<FileFault>,
    /// Files in folders whose names do not say that they hold events (a LICENSE beside them).
    pub(super) passed_over: u64,
}

/// A file and its size as stored.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) path: Arc<Path>,
    bytes: u64,
}

impl Found {
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.bytes).sum()
    }

    fn missing(&mut self, path: &Path, detail: String) {
        self.faults.push(FileFault::new(&Arc::from(path), Fault { place: None, detail }));
    }
}

/// Lists the files; symbolic links within folders are not followed, so that no file comes twice
/// and no folder holds itself.
pub(super) fn find(named: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for root in named {
        if root.as_os_str() == "-" {
            found.files.push(Named { path: Arc::from(root.as_path()), bytes: 0 });
            continue;
        }
        for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() || (entry.path_is_symlink() && entry.depth() > 0) => {
                }
                // What is named itself is read whatever it is called.
                Ok(entry) if entry.depth() > 0 && !is_of_events(entry.path()) => found.passed_over += 1,
                Ok(entry) => {
                    let bytes = entry.metadata().map_or(0, |m| m.len());
                    found.files.push(Named { path: Arc::from(entry.path()), bytes });
                }
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let detail = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    found.missing(&path, detail);
                }
            }
        }
    }
    found
}

/// Whether a file in a folder is taken: `.json`, `.ndjson`, `.jsonl` or `.log`, compressed or not.
fn is_of_events(path: &Path) -> bool {
    let name = plain_name(path);
    let extension = Path::new(&name).extension().and_then(|e| e.to_str());
    matches!(extension, Some("json" | "ndjson" | "jsonl" | "log"))
}

/// The name in small letters, without the ending of a compressed file.
fn plain_name(path: &Path) -> String {
    let name = path.to_string_lossy().to_ascii_lowercase();
    name.trim_end_matches(".gz").trim_end_matches(".zst").to_owned()
}

impl Named {
    /// Opens it, decompressed by what it contains rather than by its name.
    pub(super) fn open(&self, progress: &Progress) -> io::Result<Box<dyn BufRead>> {
        let raw: Box<dyn Read> = if self.path.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(&self.path)?)
        };
        decompressed(progress.wrap(raw))
    }

    /// Whether its name says one value a line.
    pub(super) fn is_by_lines(&self) -> bool {
        Path::new(&plain_name(&self.path)).extension().is_some_and(|e| e == "ndjson" || e == "jsonl")
    }
}

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

fn decompressed(raw: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut raw = BufReader::with_capacity(1 << 16, raw);
    let start = raw.fill_buf()?;
    Ok(if start.starts_with(GZIP) {
        Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(raw)))
    } else if start.starts_with(ZSTD) {
        Box::new(BufReader::new(zstd::Decoder::with_buffer(raw)?))
    } else {
        Box::new(raw)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use std::{fs, io::Write as _};

    use super::*;

    #[test]
    fn folders_are_walked_in_order_and_what_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("b/c")).unwrap();
        for name in ["b/c/2.json.gz", "b/1.json", "a.json", "LICENSE", "b/logo.png"] {
            fs::write(dir.path().join(name), "[]").unwrap();
        }
        std::os::unix::fs::symlink(dir.path(), dir.path().join("b/loop")).unwrap();
        let found = find(&[dir.path().to_owned(), dir.path().join("none")]);
        let names: Vec<_> = found.files.iter().map(|f| f.path.strip_prefix(dir.path()).unwrap()).collect();
        assert_eq!(names, ["a.json", "b/1.json", "b/c/2.json.gz"].map(Path::new));
        assert_eq!((found.bytes(), found.passed_over), (6, 2));
        let alone = find(&[dir.path().join("LICENSE")]);
        assert_eq!((alone.files.len(), alone.passed_over), (1, 0), "what is named itself is read");
        let fault = found.faults[0].to_string();
        assert!(fault.ends_with("none: No such file or directory (os error 2)"), "{fault}");
    }

    #[test]
    fn compression_is_known_by_content() {
        let text = b"{\"a\":1}\n".as_slice();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        let gzip = gzip.finish().unwrap();
        let twice = [gzip.as_slice(), gzip.as_slice()].concat();
        for (stored, expected) in [
            (text.to_vec(), text.to_vec()),
            (gzip, text.to_vec()),
            (twice, text.repeat(2)),
            (zstd::encode_all(text, 3).unwrap(), text.to_vec()),
        ] {
            let mut out = Vec::new();
            decompressed(io::Cursor::new(stored)).unwrap().read_to_end(&mut out).unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_name_may_say_one_value_a_line() {
        let by_lines = |name: &str| Named { path: Arc::from(Path::new(name)), bytes: 0 }.is_by_lines();
        assert!(by_lines("a.ndjson") && by_lines("a.JSONL.gz") && by_lines("b/a.ndjson.zst"));
        assert!(!by_lines("a.json") && !by_lines("a.gz"));
    }
}
