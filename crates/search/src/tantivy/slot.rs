//! A part's place in a tenant's index, opened once somebody looks.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use super::{
    PartError,
    folder::{Folder, Name},
    part::Part,
};

/// Where a part lies.
#[derive(Clone, Debug)]
enum Home {
    Memory(Arc<[u8]>),
    File(Folder),
}

/// A slot's part may be closed and opened again; what is in it never changes.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: Name,
    /// By this process.
    pub(super) made: Instant,
    home: Home,
    part: Mutex<Option<Arc<Part>>>,
}

impl Slot {
    pub(super) fn in_folder(folder: Folder, name: Name) -> Self {
        Self { name, made: Instant::now(), home: Home::File(folder), part: Mutex::default() }
    }

    pub(super) fn in_memory(bytes: Vec<u8>) -> Result<Self, PartError> {
        let bytes: Arc<[u8]> = bytes.into();
        let part = Part::of(Arc::clone(&bytes))?;
        let name = Name { seqs: part.seqs(), last_id: part.id(part.count() - 1) };
        let part = Mutex::new(Some(Arc::new(part)));
        Ok(Self { name, made: Instant::now(), home: Home::Memory(bytes), part })
    }

    pub(super) fn count(&self) -> u64 {
        self.name.seqs.end - self.name.seqs.start
    }

    /// Of a part that is in memory alone.
    pub(super) fn bytes(&self) -> Option<&Arc<[u8]>> {
        match &self.home {
            Home::Memory(bytes) => Some(bytes),
            Home::File(_) => None,
        }
    }

    pub(super) fn is_durable(&self) -> bool {
        self.bytes().is_none()
    }

    /// Reads the file where it is not open.
    pub(super) fn part(&self) -> Result<Arc<Part>, PartError> {
        let mut kept = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = &*kept {
            return Ok(Arc::clone(part));
        }
        let part = Arc::new(match &self.home {
            Home::File(folder) => folder.open(&self.name)?,
            Home::Memory(bytes) => Part::of(Arc::clone(bytes))?,
        });
        *kept = Some(Arc::clone(&part));
        Ok(part)
    }

    pub(super) fn is_open(&self) -> bool {
        self.part.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Gives its memory back, once nobody looks at it.
    pub(super) fn close(&self) {
        if self.is_durable() {
            *self.part.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}
