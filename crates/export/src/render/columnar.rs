//! Entries as columns. The same as in CSV, typed where there is a type, and `occurred_at` twice: as a
//! time, and as it was sent.

use std::sync::{Arc, LazyLock};

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{Int64Builder, StringBuilder, TimestampMicrosecondBuilder, TimestampMillisecondBuilder},
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use custody_domain::time::parse_rfc3339;
use custody_ledger::StoredEntry;

use crate::{
    ExportError,
    members::text,
    table::{Kind, MEMBERS, PLACE, Row},
};

const UTC: &str = "UTC";
/// The member that is a time, and the column that has it as it was sent.
const OCCURRED_AT: &str = "occurred_at";
const OCCURRED_AT_TEXT: &str = "occurred_at_text";

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let place = PLACE.map(|name| {
        let kind = match name {
            "seq" => DataType::Int64,
            "received_at" => DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into())),
            _ => DataType::Utf8,
        };
        Field::new(name, kind, false)
    });
    let members = MEMBERS.map(|column| {
        let kind = match column.kind {
            Kind::Number => DataType::Int64,
            Kind::Text if column.name == OCCURRED_AT => {
                DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
            }
            Kind::Text | Kind::Json => DataType::Utf8,
        };
        Field::new(column.name, kind, true)
    });
    let last = Field::new(OCCURRED_AT_TEXT, DataType::Utf8, true);
    Arc::new(Schema::new(place.into_iter().chain(members).chain([last]).collect::<Vec<_>>()))
});

pub(crate) fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// Columns that grow by an entry at a time.
#[derive(Debug)]
pub(super) struct Rows {
    ids: StringBuilder,
    seqs: Int64Builder,
    received: TimestampMillisecondBuilder,
    tenants: StringBuilder,
    hashes: StringBuilder,
    members: Vec<Builder>,
    occurred_texts: StringBuilder,
}

#[derive(Debug)]
enum Builder {
    Text(StringBuilder),
    Number(Int64Builder),
    Time(TimestampMicrosecondBuilder),
}

impl Rows {
    pub(super) fn new() -> Self {
        let members = MEMBERS.iter().map(|column| match column.kind {
            Kind::Number => Builder::Number(Int64Builder::new()),
            Kind::Text if column.name == OCCURRED_AT => {
                Builder::Time(TimestampMicrosecondBuilder::new().with_timezone(UTC))
            }
            Kind::Text | Kind::Json => Builder::Text(StringBuilder::new()),
        });
        Self {
            ids: StringBuilder::new(),
            seqs: Int64Builder::new(),
            received: TimestampMillisecondBuilder::new().with_timezone(UTC),
            tenants: StringBuilder::new(),
            hashes: StringBuilder::new(),
            members: members.collect(),
            occurred_texts: StringBuilder::new(),
        }
    }

    pub(super) fn push(&mut self, entry: &StoredEntry) -> Result<(), ExportError> {
        let row = Row::of(entry)?;
        let mut id = [0; 36];
        self.ids.append_value(entry.id.0.hyphenated().encode_lower(&mut id));
        self.seqs.append_value(i64::try_from(entry.seq).unwrap_or(i64::MAX));
        self.received.append_value(entry.id.received_at().timestamp_millis());
        self.tenants.append_value(entry.tenant_id.0.hyphenated().encode_lower(&mut id));
        self.hashes.append_value(hex::encode(entry.leaf_hash));
        for ((column, value), builder) in MEMBERS.iter().zip(row.values).zip(&mut self.members) {
            let text = value.filter(|_| column.kind == Kind::Text).and_then(text);
            match builder {
                Builder::Number(numbers) => numbers.append_option(value.and_then(number)),
                Builder::Time(times) => {
                    let at = text.as_deref().and_then(parse_rfc3339);
                    times.append_option(at.map(|at| at.timestamp_micros()));
                    self.occurred_texts.append_option(text);
                }
                Builder::Text(texts) => match (text, value) {
                    (Some(text), _) => texts.append_value(text),
                    (None, Some(json)) => texts.append_value(String::from_utf8_lossy(json)),
                    (None, None) => texts.append_null(),
                },
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<RecordBatch, ExportError> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            Arc::new(self.seqs.finish()),
            Arc::new(self.received.finish()),
            Arc::new(self.tenants.finish()),
            Arc::new(self.hashes.finish()),
        ];
        columns.extend(self.members.iter_mut().map(|builder| match builder {
            Builder::Text(texts) => Arc::new(texts.finish()) as ArrayRef,
            Builder::Number(numbers) => Arc::new(numbers.finish()),
            Builder::Time(times) => Arc::new(times.finish()),
        }));
        columns.push(Arc::new(self.occurred_texts.finish()));
        let batch = RecordBatch::try_new(schema(), columns);
        Ok(batch.map_err(|error: ArrowError| parquet::errors::ParquetError::from(error))?)
    }
}

/// A whole number in canonical form; those of producers end at 2^53.
fn number(json: &[u8]) -> Option<i64> {
    std::str::from_utf8(json).ok()?.parse().ok()
}
