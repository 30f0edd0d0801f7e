//! Bundles of a query's entries (docs/bundle.md): each entry as it is kept, with what proves that it is in
//! the tree that a checkpoint signs.

use std::sync::Arc;

use custody_ledger::{EntryBatch, Head, Ledger, StoredEntry};
use custody_proof::{
    Note,
    bundle::{QueryBundle, QueryHeader},
};
use tokio::{sync::watch, task::spawn_blocking};

use crate::{
    ExportError, Manifest, Piece, Request,
    assemble::Count,
    link,
    pipeline::{Pieces, broken_off, send},
    running::Running,
    source::Source,
};

/// Until the file is whole, or nobody wants it any more; then this future is dropped.
pub(crate) async fn run(
    request: Arc<Request>,
    ledger: Ledger,
    pieces: Pieces,
    read: watch::Sender<u64>,
    running: Running,
) {
    let written = Writer { request: &request, ledger: &ledger, pieces: &pieces, count: Count::default() };
    let written = written.write(&read).await;
    drop(running);
    let _ = pieces.send(written.map(|manifest| Piece::End(Box::new(manifest)))).await;
}

struct Writer<'r> {
    request: &'r Arc<Request>,
    ledger: &'r Ledger,
    pieces: &'r Pieces,
    count: Count,
}

impl Writer<'_> {
    async fn write(mut self, read: &watch::Sender<u64>) -> Result<Manifest, ExportError> {
        let scope = &self.request.scope;
        let header = self.header().await?;
        let mut out = Vec::new();
        let mut bundle = QueryBundle::begin(&header, &mut out)?;
        let mut manifest = self.request.manifest();
        // What was received after the checkpoint is not signed yet.
        let head = Head { size: bundle.size(), ..self.request.head };
        let mut batches = Source::open(self.ledger, scope, &self.request.asked, head);
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            let next_seq = batch.next_seq();
            let entries = self.matching(batch, head.size).await?;
            let skips = link::skips(self.ledger, scope, bundle.next(), &entries).await?;
            let is_signed = next_seq < head.size;
            manifest.entries += entries.len() as u64;
            manifest.first_seq = manifest.first_seq.or(entries.first().map(|entry| entry.seq));
            manifest.last_seq = entries.last().map(|entry| entry.seq).or(manifest.last_seq);
            (bundle, out) = broken_off(spawn_blocking(move || lines(bundle, &entries, &skips, out)).await)??;
            self.send(&mut out).await?;
            read.send_replace(next_seq);
            if !is_signed {
                break;
            }
        }
        let rest = link::rest(self.ledger, scope, bundle.next()..head.size).await?;
        bundle.end(&rest, &mut out)?;
        self.send(&mut out).await?;
        let (bytes, sha256) = self.count.so_far();
        Ok(Manifest { tree_size: manifest.tree_size.map(|_| head.size), bytes, sha256, ..manifest })
    }

    async fn header(&self) -> Result<QueryHeader, ExportError> {
        let scope = &self.request.scope;
        let checkpoint = self.ledger.hand_out(scope).await?;
        let note = Note::parse(checkpoint.note.as_bytes()).map_err(|_| ExportError::NotSigned)?;
        let keys = self.ledger.log_keys(scope).await?;
        let signed = keys.iter().filter(|key| note.verify(std::slice::from_ref(&key.key)).is_ok());
        let mut keys: Vec<_> = signed.map(|key| key.key.to_string()).collect();
        keys.sort_unstable();
        Ok(QueryHeader {
            tenant: scope.tenant(),
            query: self.request.query.clone(),
            checkpoint: checkpoint.note,
            keys,
        })
    }

    async fn matching(&self, batch: EntryBatch, size: u64) -> Result<Vec<StoredEntry>, ExportError> {
        let request = Arc::clone(self.request);
        broken_off(
            spawn_blocking(move || {
                let mut entries = Vec::new();
                for entry in batch.into_entries() {
                    let entry = entry?;
                    if entry.seq < size && request.asked.matches(&entry.view()?) {
                        entries.push(entry);
                    }
                }
                Ok(entries)
            })
            .await,
        )?
    }

    async fn send(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.count.add(out);
        send(self.pieces, std::mem::take(out).into()).await
    }
}

fn lines(
    mut bundle: QueryBundle,
    entries: &[StoredEntry],
    skips: &[Vec<custody_domain::Hash>],
    mut out: Vec<u8>,
) -> Result<(QueryBundle, Vec<u8>), ExportError> {
    for (entry, skip) in entries.iter().zip(skips) {
        bundle.entry((entry.seq, entry.id), &entry.body, skip, &mut out)?;
    }
    Ok((bundle, out))
}
