//! Batches of entries as what the file holds of them; each batch by itself, so that several are rendered at
//! once.

mod cells;
mod columnar;
mod csv;

use arrow_array::RecordBatch;
use custody_domain::query::Query;
use custody_ledger::{EntryBatch, StoredEntry};
use custody_search::Asked;

use crate::{ExportError, Format};

pub(crate) use columnar::schema;
pub(crate) use csv::header as csv_header;

/// What a batch gives.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) content: Content,
    pub(crate) entries: u64,
    pub(crate) first_seq: Option<u64>,
    pub(crate) last_seq: Option<u64>,
    /// Up to which the log was read.
    pub(crate) next_seq: u64,
}

#[derive(Debug)]
pub(crate) enum Content {
    Text(Vec<u8>),
    Rows(RecordBatch),
}

/// Before each element of an array; the first one's is left out.
pub(crate) const SEPARATOR: &[u8] = b",\n";

/// The entries of the batch that were asked for, in this format. Work for a thread that may block.
pub(crate) fn render(format: Format, asked: &Asked, batch: EntryBatch) -> Result<Rendered, ExportError> {
    let next_seq = batch.next_seq();
    let all = *asked.whole() == Query::All;
    let mut seen = Seen::default();
    let visit = |write: &mut dyn FnMut(&StoredEntry) -> Result<(), ExportError>| {
        for entry in batch.into_entries() {
            let entry = entry?;
            if all || asked.matches(&entry.view()?) {
                seen.note(entry.seq);
                write(&entry)?;
            }
        }
        Ok::<_, ExportError>(())
    };
    let content = if format == Format::Parquet {
        let mut rows = columnar::Rows::new();
        visit(&mut |entry| rows.push(entry))?;
        Content::Rows(rows.finish()?)
    } else {
        let mut out = Vec::with_capacity(1 << 20);
        visit(&mut |entry| match format {
            Format::Csv => csv::write(entry, &mut out),
            Format::Json => {
                out.extend_from_slice(SEPARATOR);
                entry.write_json(&mut out);
                Ok(())
            }
            Format::Ndjson | Format::Bundle | Format::Parquet => {
                entry.write_json(&mut out);
                out.push(b'\n');
                Ok(())
            }
        })?;
        Content::Text(out)
    };
    let Seen { entries, first_seq, last_seq } = seen;
    Ok(Rendered { content, entries, first_seq, last_seq, next_seq })
}

#[derive(Debug, Default)]
struct Seen {
    entries: u64,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
}

impl Seen {
    fn note(&mut self, seq: u64) {
        self.entries += 1;
        self.first_seq.get_or_insert(seq);
        self.last_seq = Some(seq);
    }
}
