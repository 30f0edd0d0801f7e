//! What must hold, a file a reader.

pub(crate) mod body;
pub(crate) mod bundle;
pub(crate) mod event;
pub(crate) mod json;
pub(crate) mod mask;
pub(crate) mod note;
pub(crate) mod query;
pub(crate) mod range;
pub(crate) mod split;
pub(crate) mod stream;
pub(crate) mod tile;
