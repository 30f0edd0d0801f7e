//! How long a part takes to make and how large it is. `cargo run --release -p custody-search --example part_size [ENTRIES]`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, reason = "a measurement")]
use std::time::Instant;

use custody_domain::{Body, EntryId, TenantId, commitment::Salt};
use custody_ledger::StoredEntry;
use custody_testkit::entries;
use uuid::Uuid;

fn main() {
    let count: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(65_536);
    let records = entries::records().unwrap();
    let entries: Vec<StoredEntry> = entries::native(&records, 1, count, false).enumerate().map(|(n, content)| StoredEntry {
        tenant_id: TenantId(Uuid::nil()),
        id: EntryId::from_parts(1_700_000_000_000 + n as u64 / 3, n as u128 % 3),
        seq: n as u64,
        leaf_hash: [0; 32],
        body: Body::Full { salt: Salt([0; 16]), content },
    }).collect();
    for chunk in [64, 512, 4_096, 16_384, 65_536] {
        let chunk = chunk.min(count);
        let begun = Instant::now();
        let (mut bytes, mut built) = (0, Vec::new());
        for some in entries.chunks(chunk) {
            let part = custody_search::tantivy::build_for_measurement(0, some).unwrap();
            bytes += part.len();
            built.push(part);
        }
        let n = count as f64;
        println!("{chunk}: {:.1} us/entry, {:.1} bytes/entry", begun.elapsed().as_secs_f64() * 1e6 / n, bytes as f64 / n);
        if chunk == 65_536 { std::fs::write("/tmp/part", built.first().unwrap()).unwrap(); }
    }
}
