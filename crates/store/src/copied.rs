//! One row of COPY's binary format: a count of fields, then each field's length and bytes.

use bytes::{Buf as _, Bytes};

use crate::StoreError;

/// Signature, flags, length of the header's extension (none): before the first row, in its message.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// After the last row, in the place of a count.
const TRAILER: &[u8] = &(-1_i16).to_be_bytes();

/// The row in a message; none in the last one.
pub(crate) fn of_message(mut message: Bytes) -> Option<Bytes> {
    if message.starts_with(HEADER) {
        message.advance(HEADER.len());
    }
    (!message.is_empty() && message != TRAILER).then_some(message)
}

/// The fields that are left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuple<'b>(&'b [u8]);

impl<'b> Tuple<'b> {
    pub(crate) fn open(row: &'b [u8], fields_wanted: i16) -> Result<Self, StoreError> {
        match row.split_first_chunk() {
            Some((count, fields)) if i16::from_be_bytes(*count) == fields_wanted => Ok(Self(fields)),
            _ => Err(malformed()),
        }
    }

    /// None where it is NULL.
    pub(crate) fn field(&mut self) -> Result<Option<&'b [u8]>, StoreError> {
        let (length, rest) = self.0.split_first_chunk().ok_or_else(malformed)?;
        self.0 = rest;
        // -1 stands for NULL.
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return Ok(None) };
        let (field, rest) = rest.split_at_checked(length).ok_or_else(malformed)?;
        self.0 = rest;
        Ok(Some(field))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<Option<[u8; N]>, StoreError> {
        self.field()?.map(|field| field.try_into().map_err(|_| malformed())).transpose()
    }

    pub(crate) fn required(&mut self) -> Result<&'b [u8], StoreError> {
        self.field()?.ok_or_else(malformed)
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        self.array()?.ok_or_else(malformed)
    }

    pub(crate) fn end(&self) -> Result<(), StoreError> {
        if self.0.is_empty() { Ok(()) } else { Err(malformed()) }
    }
}

pub(crate) fn malformed() -> StoreError {
    StoreError::unexpected("a row of entries in another form than was asked for")
}
