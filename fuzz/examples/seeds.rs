//! Writes the seeds that nobody types: `cargo run -p custody-fuzz --example seeds`.

#![allow(clippy::unwrap_used, reason = "a program for the one who changes a format")]

use std::{fs, path::Path};

use chrono::DateTime;
use custody_domain::{
    Body, EntryId, Hash, StoredColumns, TenantId, columns,
    commitment::Salt,
    json::{Limits, Value, parse},
    leaf::leaf_hash,
};
use custody_proof::{
    Checkpoint, CompactRange, Origin, Signer,
    bundle::{BundleWriter, Header, Neighbour},
    stream::{EntryFrame, Opening, UnreadableEntry, write_end, write_opening, write_unreadable},
};

const TENANT: TenantId = TenantId::RESERVED;

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

struct Log {
    entries: Vec<(EntryId, Body)>,
    signer: Signer,
}

impl Log {
    fn of(size: u8) -> Self {
        let mut last = None;
        let entries = (0..size).map(|n| {
            let at = DateTime::from_timestamp_millis(1_767_323_045_000 + 1000 * i64::from(n)).unwrap();
            let (id, _) = EntryId::next(last, at);
            last = Some(id);
            let content =
                format!(r#"{{"action":"a.{n}","actor":{{"id":"é\n","name":"x"}},"severity":"ERROR"}}"#);
            let body = Body::Full { salt: Salt([n; 16]), content: content.into_bytes() };
            (id, if n == 2 { body.redact(&["/actor/name"]).unwrap() } else { body })
        });
        let origin = Origin::new("log.example", TENANT, 0).unwrap().to_string();
        Self { entries: entries.collect(), signer: Signer::new(&origin, &[3; 32]).unwrap() }
    }

    fn leaf(&self, n: usize) -> Hash {
        let (id, body) = &self.entries[n];
        leaf_hash(TENANT, *id, &body.content_hash().unwrap())
    }

    fn range(&self, from: usize, to: usize) -> CompactRange {
        let mut range = CompactRange::empty(from as u64);
        (from..to).for_each(|n| range.append(self.leaf(n)).unwrap());
        range
    }

    fn checkpoint(&self) -> Checkpoint {
        let origin = self.signer.verifier().name().to_owned();
        let root = self.range(0, self.entries.len()).root().unwrap();
        Checkpoint { origin, size: self.entries.len() as u64, root }
    }

    fn neighbour(&self, n: usize) -> Option<Neighbour> {
        let (id, body) = self.entries.get(n)?;
        Some(Neighbour { id: *id, content_hash: body.content_hash().unwrap() })
    }

    fn bundle(&self, first: usize, end: usize) -> Vec<u8> {
        let size = self.entries.len();
        let header = Header {
            tenant: TENANT,
            from: (first > 0).then(|| self.entries[first].0.received_at()),
            to: (end < size).then(|| self.entries[end].0.received_at()),
            first: first as u64,
            end: end as u64,
            before: first.checked_sub(1).and_then(|n| self.neighbour(n)),
            after: self.neighbour(end),
            left: self.range(0, first.saturating_sub(1)).hashes().copied().collect(),
            right: self.range((end + 1).min(size), size).hashes().copied().collect(),
            checkpoint: self.checkpoint().sign(&[&self.signer]).unwrap().to_string(),
            keys: vec![self.signer.verifier().to_string()],
        };
        let mut writer = BundleWriter::begin(Vec::new(), &header).unwrap();
        for n in first..end {
            let (id, body) = &self.entries[n];
            writer.entry(n as u64, *id, &body.encode()).unwrap();
        }
        writer.finish().unwrap()
    }

    fn stream(&self) -> Vec<u8> {
        let size = self.entries.len() as u64;
        let last_id = self.entries.last().map(|(id, _)| *id);
        let mut out = Vec::new();
        write_opening(&Opening { tenant: TENANT, epoch: 0, size, last_id, from: 0, to: size }, &mut out);
        for (n, (id, body)) in self.entries.iter().enumerate() {
            let content = parse(body.content_bytes(), &Limits::STORED).unwrap();
            let Value::Object(content) = content else { continue };
            let made = columns::of(&content);
            let begun =
                EntryFrame::begin((n as u64, *id, &self.leaf(n)), &StoredColumns::from(&made), &mut out);
            out.extend_from_slice(&body.encode());
            begun.end(&mut out);
        }
        let id = EntryId(uuid::Uuid::nil());
        let unreadable = UnreadableEntry {
            seq: size,
            id,
            leaf_hash: [5; 32],
            is_newer: false,
            detail: "no frame of zstd",
        };
        write_unreadable(&unreadable, &mut out);
        write_end(size, &mut out);
        out
    }
}

fn main() {
    let log = Log::of(5);
    for (name, first, end) in [("whole", 0, 5), ("middle", 2, 4), ("none", 3, 3)] {
        write("bundle", name, &log.bundle(first, end));
    }
    write("stream", "five", &log.stream());
    for (name, from, to) in [("tree", 0, 5), ("middle", 2, 5), ("none", 3, 3)] {
        write("range", name, &log.range(from, to).to_bytes());
    }
    write("range", "numbers", &[0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 77]);
    let note = log.checkpoint().sign(&[&log.signer, &log.signer.named("witness").unwrap()]).unwrap();
    write("note", "checkpoint", note.to_string().as_bytes());
    write("note", "text", log.checkpoint().to_text().as_bytes());
    write("note", "key", log.signer.verifier().to_string().as_bytes());
    write("note", "origin", log.signer.verifier().name().as_bytes());
    write("body", "full", &log.entries[0].1.encode());
    write("body", "redacted", &log.entries[2].1.encode());
    write("body", "nothing_left", &log.entries[1].1.redact(&[""]).unwrap().encode());
}
