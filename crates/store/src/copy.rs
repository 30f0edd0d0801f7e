//! The binary format of COPY (PostgreSQL, "COPY", "Binary Format"): a header, for each row a count of
//! fields and each field's length and bytes, a trailer.

use crate::StoreError;

/// Signature, flags (none), length of the header's extension (none).
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: i16 = -1;

/// A message of COPY is sent when it holds this much.
const CHUNK_BYTES: usize = 64 * 1024;

/// Rows in pieces of about [`CHUNK_BYTES`]: the first has the header, the last the trailer.
pub(crate) struct Chunks<'r, R> {
    left: &'r [R],
    write_row: fn(&mut Vec<u8>, &R) -> Result<(), StoreError>,
    rows: u64,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Begin,
    Rows,
    End,
}

impl<'r, R> Chunks<'r, R> {
    pub(crate) fn new(rows: &'r [R], write_row: fn(&mut Vec<u8>, &R) -> Result<(), StoreError>) -> Self {
        Self { left: rows, write_row, rows: 0, state: State::Begin }
    }

    /// How many were written so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The next piece into an empty buffer; left empty where there is none.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.state == State::End {
            return Ok(());
        }
        if self.state == State::Begin {
            out.extend_from_slice(HEADER);
            self.state = State::Rows;
        }
        while out.len() < CHUNK_BYTES {
            let Some((row, left)) = self.left.split_first() else {
                out.extend_from_slice(&TRAILER.to_be_bytes());
                self.state = State::End;
                break;
            };
            (self.write_row)(out, row)?;
            self.left = left;
            self.rows += 1;
        }
        Ok(())
    }
}

/// Length and bytes; NULL is the length -1.
pub(crate) fn field(out: &mut Vec<u8>, value: Option<&[u8]>) -> Result<(), StoreError> {
    let Some(bytes) = value else {
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        return Ok(());
    };
    let len = i32::try_from(bytes.len()).map_err(|_| StoreError::unexpected("a field of more than 2 GiB"))?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn chunks_are_one_stream_with_one_header_and_one_trailer() {
        let rows = vec![vec![7; 20_000]; 10];
        let mut copy = Chunks::new(&rows, |out, row| field(out, Some(row)));
        let mut chunks = Vec::new();
        loop {
            let mut chunk = Vec::new();
            copy.fill(&mut chunk).unwrap();
            if chunk.is_empty() {
                break;
            }
            chunks.push(chunk);
        }
        assert_eq!((chunks.len(), copy.rows()), (3, 10));
        let stream = chunks.concat();
        assert!(stream.starts_with(HEADER) && stream.ends_with(&[0xff, 0xff]));
        assert_eq!((HEADER.len(), stream.len()), (19, 19 + 10 * (4 + 20_000) + 2));
    }
}
