//! A stream of entries, as it comes in.

use bytes::Bytes;
use custody_proof::stream::{Opening, read_opening};
use reqwest::Response;

use crate::{ApiClient, ClientError};

/// Bytes are handed on when there are so many: enough to be worth a thread's while.
const PIECE_BYTES: usize = 512 * 1024;

/// The answer to `GET /api/v1/log/entries`.
#[derive(Debug)]
pub(crate) struct EntryReader {
    client: ApiClient,
    answer: Response,
    /// Read, and not yet handed on.
    bytes: Vec<u8>,
}

impl EntryReader {
    pub(super) fn new(client: ApiClient, answer: Response) -> Self {
        Self { client, answer, bytes: Vec::new() }
    }

    /// Where the log ended when the stream began. To be asked first, and once.
    pub(crate) async fn opening(&mut self) -> Result<Opening, ClientError> {
        loop {
            match read_opening(&self.bytes).map_err(|error| self.unreadable(error))? {
                Some((opening, length)) => {
                    self.bytes.drain(..length);
                    return Ok(opening);
                }
                None => match self.chunk().await? {
                    Some(chunk) => self.bytes.extend_from_slice(&chunk),
                    None => return Err(self.cut_off()),
                },
            }
        }
    }

    /// Some more bytes after `rest`, which is what the reader could not use of the last; none at the end.
    pub(crate) async fn more(&mut self, rest: Vec<u8>) -> Result<Option<Vec<u8>>, ClientError> {
        let mut bytes = rest;
        let before = bytes.len();
        bytes.append(&mut self.bytes);
        while bytes.len() < before + PIECE_BYTES {
            match self.chunk().await? {
                Some(chunk) => bytes.extend_from_slice(&chunk),
                None => break,
            }
        }
        Ok((bytes.len() > before).then_some(bytes))
    }

    /// A stream that ended before its end, as an error: worth another try.
    pub(crate) fn cut_off(&self) -> ClientError {
        ClientError::CutOff { url: self.client.url().to_owned() }
    }

    /// What is no stream of entries, as an error.
    pub(crate) fn unreadable(&self, error: impl std::error::Error + Send + Sync + 'static) -> ClientError {
        self.client.unreadable(error)
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        self.answer.chunk().await.map_err(|error| self.client.unreachable(error))
    }
}
