//! A file from its first byte to its last, on a thread that may wait.

use std::io::{self, Cursor, Read};

use super::{
    Bounds,
    batches::{Batches, Unwanted},
    json_file,
    report::Broken,
    table_file, unpack,
};

/// Why reading ended before the file did.
pub(super) enum Stop {
    Broken(Broken),
    Unwanted,
}

impl From<Unwanted> for Stop {
    fn from(_: Unwanted) -> Self {
        Self::Unwanted
    }
}

/// So much is looked at to tell what it is.
const LOOKED_AT: usize = 64 << 10;

pub(super) fn read(file: impl Read, bounds: Bounds, batches: &mut Batches) {
    match read_all(file, bounds, batches) {
        Ok(()) => batches.end(None),
        Err(Stop::Broken(broken)) => batches.end(Some(broken)),
        Err(Stop::Unwanted) => {}
    }
}

fn read_all(file: impl Read, bounds: Bounds, batches: &mut Batches) -> Result<(), Stop> {
    let mut file = unpack::unpacked(file, bounds.bytes_max)
        .map_err(|error| at_start(&format!("it can be read no further: {error}")))?;
    let mut start = Vec::new();
    let looked_at = file.by_ref().take(LOOKED_AT as u64).read_to_end(&mut start);
    let kind = kind(&start);
    // What came before the fault may be findings.
    let rest: Box<dyn Read + '_> = match looked_at {
        Ok(_) => Box::new(file),
        Err(error) => Box::new(Failing(Some(error))),
    };
    let whole = Cursor::new(start).chain(rest);
    match kind {
        Kind::Json => json_file::read(whole, batches),
        Kind::Table => table_file::read(whole, batches),
        Kind::Empty => Err(at_start("there is nothing in it")),
        Kind::Other(what) => Err(at_start(what)),
    }
}

fn at_start(reason: &str) -> Stop {
    Stop::Broken(Broken { index: 0, line: 1, byte: 0, reason: reason.to_owned() })
}

enum Kind {
    Json,
    Table,
    Empty,
    Other(&'static str),
}

const FORMS: &str =
    "it is neither JSON (OCSF, ASFF, SARIF) nor Prowler's CSV, whose columns are separated by ;";

fn kind(start: &[u8]) -> Kind {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    if matches!(text, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return Kind::Other("it is UTF-16; UTF-8 is wanted");
    }
    let first_line = text.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    match text.trim_ascii_start().first() {
        None => Kind::Empty,
        Some(b'[' | b'{') => Kind::Json,
        Some(_) if memchr::memmem::find(first_line, b";").is_some() => Kind::Table,
        Some(_) => Kind::Other(FORMS),
    }
}

/// Gives the error that was met while the start was looked at.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.take().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()))
    }
}
