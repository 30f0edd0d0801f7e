//! What a driver writes, line by line, and no line without end.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// More than the largest finding, of which the driver leaves out what is beyond 6 MiB.
pub(super) const LINE_BYTES_MAX: usize = 8 << 20;

pub(super) struct Lines<R> {
    stream: BufReader<R>,
    line: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Whole(&'a [u8]),
    /// The stream ended in it.
    Half(&'a [u8]),
    /// Longer than [`LINE_BYTES_MAX`]: its beginning.
    Huge(&'a [u8]),
    Ended,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn of(stream: R) -> Self {
        Self { stream: BufReader::with_capacity(1 << 16, stream), line: Vec::new() }
    }

    /// Not to be dropped before it is done: what it has read would be lost.
    pub(super) async fn next(&mut self) -> Line<'_> {
        self.line.clear();
        let most = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let read = (&mut self.stream).take(most + 1).read_until(b'\n', &mut self.line).await;
        if !matches!(read, Ok(1..)) {
            return Line::Ended;
        }
        match self.line.strip_suffix(b"\n") {
            Some(line) => Line::Whole(line),
            None if self.line.len() > LINE_BYTES_MAX => Line::Huge(&self.line),
            None => Line::Half(&self.line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_has_an_end() {
        let long = vec![b'a'; LINE_BYTES_MAX];
        let text = [b"one\n\n".as_slice(), &long, b"\nhalf"].concat();
        let mut lines = Lines::of(text.as_slice());
        assert_eq!(lines.next().await, Line::Whole(b"one"));
        assert_eq!(lines.next().await, Line::Whole(b""));
        assert_eq!(lines.next().await, Line::Whole(&long));
        assert_eq!(lines.next().await, Line::Half(b"half"));
        assert_eq!(lines.next().await, Line::Ended);
        let mut endless = Lines::of(tokio::io::repeat(b'a'));
        assert!(matches!(endless.next().await, Line::Huge(_)));
    }
}
