//! A file as it is when it is unpacked, by what it begins with.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

/// What is unpacked may look back so far, 2^n bytes: `zstd -19` needs 8 MiB, its `--long` 128.
const WINDOW_LOG_MAX: u32 = 25;

/// At most so many bytes; then an error.
pub(super) fn unpacked<'r>(
    mut file: impl Read + 'r,
    bytes_max: u64,
) -> io::Result<Bounded<Box<dyn Read + 'r>>> {
    let mut start = [0; 4];
    let mut read = 0;
    while read < start.len() {
        match file.read(&mut start[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let whole = Cursor::new(start[..read].to_vec()).chain(file);
    let inner: Box<dyn Read + 'r> = match start {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(64 << 10, whole))),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let mut decoder = zstd::Decoder::new(whole)?;
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
        _ => Box::new(whole),
    };
    Ok(Bounded { inner, left: bytes_max })
}

/// Ends with an error where there is more.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => Err(io::Error::other("it is larger than may be, unpacked")),
        }
    }
}
