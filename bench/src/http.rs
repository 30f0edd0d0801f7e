//! HTTP/1.1 as a load generator needs it: whole requests that were made before, answers of which
//! little is looked at. A general client's share of two cores would be measured with the server.

use std::{net::SocketAddr, ops::Range, time::Duration};

use anyhow::{Context as _, bail, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

const HEAD_MAX_BYTES: usize = 16 * 1024;
const HEADERS_MAX: usize = 48;
const READ_BYTES: usize = 64 * 1024;

/// A connection that is kept, and made again where the server closed it.
#[derive(Debug)]
pub(crate) struct Connection {
    server: SocketAddr,
    /// Loopback has 2^24 addresses; limits count by address.
    from: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
    body: Vec<u8>,
}

/// An answer; its body is in [`Connection::body`] until the next exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    close: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

impl Connection {
    /// `index` spreads connections over source addresses, 100 each.
    pub(crate) fn new(server: SocketAddr, index: usize) -> Self {
        let last = u8::try_from(1 + index / 100).unwrap_or(u8::MAX);
        let from = SocketAddr::from(([127, 0, 0, last], 0));
        Self { server, from, stream: None, read: Vec::new(), body: Vec::new() }
    }

    /// Sends a whole request, head and body, and reads the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        self.read.clear();
        self.body.clear();
        let (mut reader, mut writer) = stream.split();
        // A server may answer before it read everything (it is full) and close: both go on at once.
        let write = async {
            let sent = writer.write_all(request).await;
            Ok::<bool, anyhow::Error>(sent.is_ok())
        };
        let read = read_answer(&mut reader, &mut self.read, &mut self.body);
        let (sent, answer) = futures::try_join!(write, read)?;
        if sent && !answer.close {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    async fn connect(&self) -> anyhow::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(self.from).with_context(|| format!("cannot send from {}", self.from))?;
        let stream = socket.connect(self.server).await.with_context(|| format!("{} is away", self.server))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

async fn read_answer(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    read: &mut Vec<u8>,
    body: &mut Vec<u8>,
) -> anyhow::Result<Answer> {
    let (answer, framing, head) = loop {
        more(from, read).await?;
        if let Some(found) = head(read)? {
            break found;
        }
        ensure!(read.len() < HEAD_MAX_BYTES, "the answer's head does not end");
    };
    read.drain(..head);
    match framing {
        Framing::Length(length) => {
            while read.len() < length {
                more(from, read).await?;
            }
            body.extend_from_slice(read.get(..length).unwrap_or_default());
        }
        Framing::Chunked => chunks(from, read, body).await?,
    }
    Ok(answer)
}

/// The status, what follows, and where it begins; `None` while the head is not whole.
fn head(read: &[u8]) -> anyhow::Result<Option<(Answer, Framing, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = parsed.parse(read)? else { return Ok(None) };
    let status = parsed.code.context("an answer has a status")?;
    let value = |name: &str| {
        let header = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    let framing = match value("content-length") {
        Some(length) => Framing::Length(length.parse()?),
        None if value("transfer-encoding").is_some() => Framing::Chunked,
        None if status == 204 => Framing::Length(0),
        None => bail!("the answer's length is not said"),
    };
    let retry_after = value("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let close = value("connection").is_some_and(|text| text.eq_ignore_ascii_case("close"));
    Ok(Some((Answer { status, retry_after, close }, framing, length)))
}

async fn chunks(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    read: &mut Vec<u8>,
    body: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let mut at = 0;
    loop {
        let (start, size) = loop {
            match httparse::parse_chunk_size(read.get(at..).unwrap_or_default()) {
                Ok(httparse::Status::Complete((skip, size))) => break (at + skip, usize::try_from(size)?),
                Ok(httparse::Status::Partial) => more(from, read).await?,
                Err(_) => bail!("the answer's chunks are broken"),
            }
        };
        let chunk: Range<usize> = start..start + size;
        // Its line end follows.
        while read.len() < chunk.end + 2 {
            more(from, read).await?;
        }
        body.extend_from_slice(read.get(chunk.clone()).unwrap_or_default());
        at = chunk.end + 2;
        if size == 0 {
            return Ok(());
        }
    }
}

async fn more(from: &mut (impl tokio::io::AsyncRead + Unpin), read: &mut Vec<u8>) -> anyhow::Result<()> {
    read.reserve(READ_BYTES);
    ensure!(from.read_buf(read).await? > 0, "the server closed the connection before it had answered");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parsed(text: &str) -> anyhow::Result<(u16, String)> {
        let (mut read, mut body) = (Vec::new(), Vec::new());
        // In pieces of three bytes, as a wire may deliver them.
        let mut pieces = tokio_stream(text);
        let answer = read_answer(&mut pieces, &mut read, &mut body).await?;
        Ok((answer.status, String::from_utf8(body)?))
    }

    fn tokio_stream(text: &str) -> impl tokio::io::AsyncRead + Unpin {
        let (mut near, far) = tokio::io::duplex(3);
        let text = text.to_owned();
        tokio::spawn(async move { near.write_all(text.as_bytes()).await });
        far
    }

    #[tokio::test]
    async fn answers_by_length_and_by_chunks() {
        let (status, body) =
            parsed("HTTP/1.1 503 No\r\ncontent-length: 5\r\nretry-after: 1\r\n\r\nhello").await.unwrap();
        assert_eq!((status, body.as_str()), (503, "hello"));
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nb\r\nhello world\r\n0\r\n\r\n";
        assert_eq!(parsed(chunked).await.unwrap(), (200, "abchello world".to_owned()));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_no_answer() {
        assert!(parsed("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").await.is_err());
        assert!(parsed("HTTP/1.1 200 OK\r\n\r\n").await.is_err());
    }
}
