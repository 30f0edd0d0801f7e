//! A Parquet file: groups of rows, each as large as memory allows, and a footer with the manifest.

use arrow_array::RecordBatch;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
    },
    schema::types::ColumnPath,
};

use crate::{
    ExportError, Manifest,
    manifest::MEMBER,
    render::schema,
    table::{Kind, MEMBERS},
};

/// Of a group that is not written yet: all of its columns are held until then.
const GROUP_BYTES_MAX: usize = 16 << 20;
/// Readers skip groups by their statistics. Larger ones cost memory and time (measured: of 65,536 rows
/// 90 MiB more, at two thirds of the rate) and save 2 %.
const GROUP_ROWS_MAX: usize = 1 << 14;
/// Of a page that is not compressed yet; each column has one.
const PAGE_BYTES_MAX: usize = 256 << 10;

/// Columns of which hardly a value comes twice: a dictionary of them is work for nothing.
const UNIQUE: [&str; 6] = ["id", "leaf_hash", "message", "event_id", "request_id", "occurred_at_text"];

#[derive(Debug)]
pub(super) struct RowGroups(ArrowWriter<Vec<u8>>);

impl RowGroups {
    pub(super) fn begin() -> Result<Self, ExportError> {
        let json = MEMBERS.iter().filter(|column| column.kind == Kind::Json).map(|column| column.name);
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("custody ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            // With an index of pages there would be bytes between the rows and the footer.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_data_page_size_limit(PAGE_BYTES_MAX)
            .set_dictionary_page_size_limit(PAGE_BYTES_MAX)
            .set_max_row_group_row_count(Some(GROUP_ROWS_MAX));
        for name in UNIQUE {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
        }
        for name in json {
            let path = ColumnPath::from(name);
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path, EnabledStatistics::None);
        }
        Ok(Self(ArrowWriter::try_new(Vec::new(), schema(), Some(properties.build()))?))
    }

    /// What the file grows by.
    pub(super) fn push(&mut self, rows: &RecordBatch) -> Result<Vec<u8>, ExportError> {
        self.0.write(rows)?;
        if self.0.memory_size() >= GROUP_BYTES_MAX {
            self.0.flush()?;
        }
        self.written()
    }

    pub(super) fn last_group(&mut self) -> Result<Vec<u8>, ExportError> {
        self.0.flush()?;
        self.written()
    }

    /// The end of the file.
    pub(super) fn footer(mut self, manifest: &Manifest) -> Result<Vec<u8>, ExportError> {
        let manifest = serde_json::to_string(manifest).unwrap_or_default();
        self.0.append_key_value_metadata(KeyValue::new(MEMBER.to_owned(), manifest));
        Ok(self.0.into_inner()?)
    }

    fn written(&mut self) -> Result<Vec<u8>, ExportError> {
        self.0.sync()?;
        Ok(std::mem::take(self.0.inner_mut()))
    }
}
