//! One export: what is asked for, and the file as it comes.

use std::sync::Arc;

use bytes::Bytes;
use custody_auth::Scope;
use custody_ledger::{Head, Ledger};
use custody_search::Asked;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::{Compression, ExportError, Format, Manifest, bundle, pipeline, running::Running};

/// Pieces that wait for a reader.
const PIECES_AHEAD: usize = 4;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: Uuid,
    pub scope: Scope,
    pub asked: Asked,
    /// What the asker wrote, as the query language renders it.
    pub query: String,
    pub format: Format,
    pub compression: Compression,
    /// Entries up to here.
    pub head: Head,
}

impl Request {
    /// Of a file with nothing in it.
    pub(crate) fn manifest(&self) -> Manifest {
        Manifest {
            version: Manifest::VERSION,
            export_id: self.id,
            tenant_id: self.scope.tenant(),
            format: self.format,
            compression: self.compression,
            query: self.query.clone(),
            entries: 0,
            first_seq: None,
            last_seq: None,
            tree_size: (!self.asked.is_restricted()).then_some(self.head.size),
            bytes: 0,
            sha256: String::new(),
        }
    }

    /// `entries-<when the log was as it is exported>.csv.gz`
    pub fn file_name(&self) -> String {
        let at = self.head.last_id.map(|id| id.received_at().format("-%Y%m%dT%H%M%SZ").to_string());
        // Who may not read all entries does not learn when the last one came.
        let at = at.filter(|_| !self.asked.is_restricted()).unwrap_or_default();
        let ending = match self.format {
            Format::Bundle => "bundle",
            format => format.as_str(),
        };
        format!("entries{at}.{ending}{}", self.compression.ending())
    }

    pub fn media_type(&self) -> &'static str {
        self.compression.media_type().unwrap_or_else(|| self.format.media_type())
    }
}

/// A part of the file, or, after the last one, what is said of it.
#[derive(Debug)]
pub enum Piece {
    Bytes(Bytes),
    End(Box<Manifest>),
}

/// A file that is being written. Dropping it ends all work on it.
#[derive(Debug)]
pub struct Export {
    pieces: mpsc::Receiver<Result<Piece, ExportError>>,
    read: watch::Receiver<u64>,
    _work: AbortOnDropHandle<()>,
}

/// What exports are made with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Exports {
    ledger: Ledger,
}

impl Exports {
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }

    /// The log as it is now.
    pub async fn head(&self, scope: &Scope) -> Result<Head, ExportError> {
        Ok(self.ledger.head(scope).await?)
    }

    /// Begins one. It goes on at its reader's pace.
    pub fn begin(&self, request: Request) -> Export {
        let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
        let (told, read) = watch::channel(0);
        let (request, running) = (Arc::new(request), Running::begin());
        let ledger = self.ledger.clone();
        let work = match request.format {
            Format::Bundle => tokio::spawn(bundle::run(request, ledger, sender, told, running)),
            _ => tokio::spawn(pipeline::run(request, ledger, sender, told, running)),
        };
        Export { pieces, read, _work: AbortOnDropHandle::new(work) }
    }
}

impl Export {
    /// The next piece; none after [`Piece::End`] or an error.
    pub async fn next(&mut self) -> Option<Result<Piece, ExportError>> {
        self.pieces.recv().await
    }

    /// The `seq` up to which the log was read.
    pub fn read(&self) -> u64 {
        *self.read.borrow()
    }
}
