//! The file, piece by piece in order, and its manifest.

mod count;
mod rows;

use bytes::Bytes;

use crate::{
    ExportError, Format, Manifest, Request,
    compression::Encoder,
    render::{Content, Rendered, SEPARATOR, csv_header},
};
pub(crate) use count::Count;
use rows::RowGroups;

/// Where a file stands. Work for a thread that may block.
#[derive(Debug)]
pub(crate) struct Assembler {
    manifest: Manifest,
    /// Of the file's text or columns, before anything compresses it.
    content: Count,
    compressed: Option<(Encoder, Count)>,
    groups: Option<RowGroups>,
}

impl Assembler {
    /// And what the file begins with.
    pub(crate) fn begin(request: &Request) -> Result<(Self, Bytes), ExportError> {
        let encoder = Encoder::new(request.compression)?;
        let groups = (request.format == Format::Parquet).then(RowGroups::begin).transpose()?;
        let mut assembler = Self {
            manifest: request.manifest(),
            content: Count::default(),
            compressed: encoder.map(|encoder| (encoder, Count::default())),
            groups,
        };
        let head = match request.format {
            Format::Json => b"[".to_vec(),
            Format::Csv => csv_header(),
            Format::Ndjson | Format::Parquet | Format::Bundle => Vec::new(),
        };
        let head = assembler.grow(head.into())?;
        Ok((assembler, head))
    }

    /// What the file grows by; it may be nothing.
    pub(crate) fn push(&mut self, rendered: Rendered) -> Result<Bytes, ExportError> {
        let is_first = self.manifest.entries == 0;
        self.manifest.entries += rendered.entries;
        self.manifest.first_seq = self.manifest.first_seq.or(rendered.first_seq);
        self.manifest.last_seq = rendered.last_seq.or(self.manifest.last_seq);
        if rendered.entries == 0 {
            return Ok(Bytes::new());
        }
        let bytes = match (rendered.content, &mut self.groups) {
            (Content::Text(text), _) => {
                let mut text = Bytes::from(text);
                if self.manifest.format == Format::Json && is_first {
                    // Of the first separator only the end of the line.
                    let _ = text.split_to(SEPARATOR.len() - 1);
                }
                text
            }
            (Content::Rows(rows), Some(groups)) => groups.push(&rows)?.into(),
            (Content::Rows(_), None) => Bytes::new(),
        };
        self.grow(bytes)
    }

    /// The last of it, and what is said of all of it.
    pub(crate) fn end(mut self) -> Result<(Bytes, Manifest), ExportError> {
        let mut tail = Vec::new();
        match self.manifest.format {
            Format::Json => {
                let lead: &[u8] = if self.manifest.entries == 0 { b"\n" } else { SEPARATOR };
                tail.extend_from_slice(&self.grow(Bytes::from_static(lead))?);
                let line = [self.inner().to_line(), b"\n]\n".to_vec()].concat();
                tail.extend_from_slice(&self.grow(line.into())?);
            }
            Format::Ndjson => {
                let line = [self.inner().to_line(), b"\n".to_vec()].concat();
                tail.extend_from_slice(&self.grow(line.into())?);
            }
            Format::Csv | Format::Bundle => {}
            Format::Parquet => {
                if let Some(mut groups) = self.groups.take() {
                    tail.extend_from_slice(&self.grow(groups.last_group()?.into())?);
                    let footer = groups.footer(&self.inner())?;
                    tail.extend_from_slice(&self.grow(footer.into())?);
                }
            }
        }
        if let Some((encoder, count)) = self.compressed.take() {
            let rest = encoder.end()?;
            self.content = count;
            self.content.add(&rest);
            tail.extend_from_slice(&rest);
        }
        let manifest = self.inner();
        Ok((tail.into(), manifest))
    }

    fn grow(&mut self, bytes: Bytes) -> Result<Bytes, ExportError> {
        self.content.add(&bytes);
        let Some((encoder, count)) = &mut self.compressed else { return Ok(bytes) };
        let compressed = encoder.push(&bytes)?;
        count.add(&compressed);
        Ok(compressed.into())
    }

    /// Of what is there by now.
    fn inner(&self) -> Manifest {
        let (bytes, sha256) = self.content.so_far();
        Manifest { bytes, sha256, ..self.manifest.clone() }
    }
}
