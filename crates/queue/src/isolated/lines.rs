//! What a process writes, line by line, and no line without end.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

use crate::JobError;

/// Far more than an answer with the largest result, or than any line of a log.
const LINE_BYTES_MAX: usize = 1 << 20;

pub(super) struct Lines<R> {
    stream: BufReader<R>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn of(stream: R) -> Self {
        Self { stream: BufReader::new(stream), line: Vec::new() }
    }

    /// The next one, without its end. None: the stream has ended. An error: it would be longer than a
    /// mebibyte.
    pub(super) async fn next(&mut self) -> Result<Option<String>, JobError> {
        self.line.clear();
        let most = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let read = (&mut self.stream).take(most + 1).read_until(b'\n', &mut self.line).await;
        if !matches!(read, Ok(1..)) {
            return Ok(None);
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        if line.len() > LINE_BYTES_MAX {
            return Err(JobError::again(format!(
                "its process wrote a line of more than {} MiB",
                LINE_BYTES_MAX >> 20
            )));
        }
        Ok(Some(String::from_utf8_lossy(line).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_has_an_end() {
        let mut text = b"one\n\xff\n\n".to_vec();
        text.extend(std::iter::repeat_n(b'a', LINE_BYTES_MAX));
        text.extend(b"\nlast");
        let mut lines = Lines::of(text.as_slice());
        for line in ["one", "\u{fffd}", "", &"a".repeat(LINE_BYTES_MAX), "last"] {
            assert_eq!(lines.next().await.unwrap().as_deref(), Some(line));
        }
        assert_eq!(lines.next().await.unwrap(), None);
        let mut endless = Lines::of(tokio::io::repeat(b'a'));
        let refused = endless.next().await.unwrap_err().to_string();
        assert_eq!(refused, "its process wrote a line of more than 1 MiB");
    }
}
