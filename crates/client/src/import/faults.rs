//! What could not be read, and where.

use std::{fmt, path::Path, sync::Arc};

use serde::{Serialize, Serializer};

use super::scanner::Place;
use crate::text::shown;

/// What is wrong within one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// None where the file as a whole could not be read.
    pub(super) place: Option<Place>,
    pub(super) detail: String,
}

/// The same, with the file's name.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FileFault {
    #[serde(serialize_with = "as_text")]
    pub(super) file: Arc<Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) byte: Option<u64>,
    pub(super) detail: String,
}

impl FileFault {
    pub(super) fn new(file: &Arc<Path>, fault: Fault) -> Self {
        Self {
            file: Arc::clone(file),
            line: fault.place.map(|p| p.line),
            byte: fault.place.map(|p| p.byte),
            detail: fault.detail,
        }
    }
}

/// `trail.json:12: byte 3456: expected value`
impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", shown(&self.file.to_string_lossy()))?;
        if let (Some(line), Some(byte)) = (self.line, self.byte) {
            write!(f, ":{line}: byte {byte}")?;
        }
        write!(f, ": {}", shown(&self.detail))
    }
}

fn as_text<S: Serializer>(path: &Arc<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
