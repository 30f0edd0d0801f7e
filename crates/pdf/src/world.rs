//! What a layout can see: itself, its data, the typefaces. There are no other files, no packages, and no
//! clock.

use std::sync::LazyLock;

use typst::{
    Library, LibraryExt as _, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, PathError, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

use crate::fonts::FONTS;

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

pub(crate) struct Closed {
    layout: Source,
    data_at: FileId,
    data: Bytes,
}

impl Closed {
    pub(crate) fn new(layout: &str, data: Vec<u8>) -> Result<Self, PathError> {
        Ok(Self {
            layout: Source::new(file("/layout.typ")?, layout.to_owned()),
            data_at: file("/data.json")?,
            data: Bytes::new(data),
        })
    }
}

fn file(path: &str) -> Result<FileId, PathError> {
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path)?)))
}

impl World for Closed {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &FONTS.book
    }

    fn main(&self) -> FileId {
        self.layout.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.layout.id() { Ok(self.layout.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data_at { Ok(self.data.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.fonts.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
