//! Parquet, read by its own reader and held against NDJSON of the same entries.

use arrow_array::{
    Array as _, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use custody_domain::time::parse_rfc3339;
use custody_export::Format;
use custody_testkit::entries;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::fixture::Fixture;

/// More than a group of rows.
const ENTRIES: usize = 17_000;

fn column<'b, T: 'static>(batch: &'b RecordBatch, name: &str) -> &'b T {
    batch.column_by_name(name).unwrap().as_any().downcast_ref().unwrap()
}

fn text(batch: &RecordBatch, name: &str, row: usize) -> Value {
    let column: &StringArray = column(batch, name);
    if column.is_null(row) { Value::Null } else { column.value(row).into() }
}

#[tokio::test]
async fn it_holds_what_ndjson_does_and_its_footer_says_where_it_ends() {
    let fixture = Fixture::new().await;
    let Some(records) = entries::records() else { return };
    let all: Vec<_> = entries::native(&records, 3, ENTRIES, true).collect();
    for part in all.chunks(2_000) {
        fixture.write(part).await;
    }
    let hard = r#"{"action":"=1+1","actor":{"id":"é\n","name":""},"producer":{"id":"p","seq":9007199254740991},"before":{"a":[1,null]}}"#;
    fixture.write([hard]).await;
    for query in ["", "outcome:failure", "action:never"] {
        let (file, manifest) = fixture.export(Format::Parquet, query).await;
        let (lines, of_lines) = fixture.export(Format::Ndjson, query).await;
        assert_eq!((manifest.entries, manifest.last_seq), (of_lines.entries, of_lines.last_seq));
        assert_eq!(
            (manifest.bytes, manifest.sha256),
            (file.len() as u64, hex::encode(Sha256::digest(&file)))
        );
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file.clone())).unwrap();
        let metadata = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
        let said = metadata.into_iter().find(|pair| pair.key == "custody_export").unwrap().value.unwrap();
        let said: Value = serde_json::from_str(&said).unwrap();
        let footer =
            file.len() - 8 - u32::from_le_bytes(file[file.len() - 8..][..4].try_into().unwrap()) as usize;
        assert_eq!(said["bytes"], footer);
        assert_eq!(said["sha256"], hex::encode(Sha256::digest(&file[..footer])));
        let groups = reader.metadata().num_row_groups();
        assert_eq!(groups, usize::try_from(manifest.entries).unwrap().div_ceil(1 << 14));

        let lines = String::from_utf8(lines).unwrap();
        let mut entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut rows = 0;
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            for row in 0..batch.num_rows() {
                same(&batch, row, &entries.next().unwrap());
                rows += 1;
            }
        }
        assert_eq!(rows, manifest.entries, "{query}");
        assert!(entries.next().unwrap()["custody_export"].is_object() && entries.next().is_none());
    }
}

fn same(batch: &RecordBatch, row: usize, entry: &Value) {
    for name in ["id", "tenant_id", "leaf_hash", "action", "message", "request_id", "ip", "severity"] {
        assert_eq!(text(batch, name, row), entry[name], "{name}");
    }
    for object in ["actor", "resource"] {
        for member in ["type", "id", "name"] {
            assert_eq!(text(batch, &format!("{object}_{member}"), row), entry[object][member]);
        }
    }
    for name in ["before", "after", "metadata"] {
        let json = text(batch, name, row);
        let json = json.as_str().map_or(Value::Null, |json| serde_json::from_str(json).unwrap());
        assert_eq!(json, entry[name], "{name}");
    }
    assert_eq!(column::<Int64Array>(batch, "seq").value(row), entry["seq"].as_i64().unwrap());
    let producer: &Int64Array = column(batch, "producer_seq");
    assert_eq!(producer.is_valid(row).then(|| producer.value(row)), entry["producer"]["seq"].as_i64());
    let time = |text: &Value| parse_rfc3339(text.as_str()?);
    let received: &TimestampMillisecondArray = column(batch, "received_at");
    assert_eq!(Some(received.value(row)), time(&entry["received_at"]).map(|at| at.timestamp_millis()));
    let occurred: &TimestampMicrosecondArray = column(batch, "occurred_at");
    let at = occurred.is_valid(row).then(|| occurred.value(row));
    assert_eq!(at, time(&entry["occurred_at"]).map(|at| at.timestamp_micros()));
    assert_eq!(text(batch, "occurred_at_text", row), entry["occurred_at"]);
}
