//! A catalogue from the engine's files, and from what was kept of them.

use std::{collections::BTreeMap, sync::Arc};

use custody_store::catalogues::StoredCatalogue;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Catalogue;

const ZSTD_LEVEL: i32 = 9;
/// Of one provider; AWS's has 4 MB.
const BYTES_MAX: usize = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("the engine's catalogue cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the engine's catalogue cannot be packed or unpacked: {0}")]
    Zstd(#[from] std::io::Error),
}

/// All providers' of an engine.
#[derive(Debug)]
pub struct Read(Vec<StoredCatalogue>);

#[derive(Deserialize)]
struct Document {
    engine: String,
    version: String,
    providers: BTreeMap<String, Box<RawValue>>,
}

impl Read {
    /// From what `driver/catalogue.py` writes.
    pub fn of(document: &[u8]) -> Result<Self, CatalogueError> {
        let document: Document = serde_json::from_slice(document)?;
        let mut all = Vec::new();
        for (provider, text) in document.providers {
            // Read once, so that what is kept can be read.
            let catalogue: Catalogue = serde_json::from_str(text.get())?;
            all.push(StoredCatalogue {
                engine: document.engine.clone(),
                version: document.version.clone(),
                provider,
                body: zstd::bulk::compress(text.get().as_bytes(), ZSTD_LEVEL)?,
                checks: u32::try_from(catalogue.checks.len()).unwrap_or(u32::MAX),
            });
        }
        Ok(Self(all))
    }

    pub fn all(&self) -> &[StoredCatalogue] {
        &self.0
    }

    /// By provider.
    pub fn unpacked(&self) -> Result<BTreeMap<String, Arc<Catalogue>>, CatalogueError> {
        self.0.iter().map(|one| Ok((one.provider.clone(), Arc::new(Catalogue::unpack(one)?)))).collect()
    }
}

impl Catalogue {
    /// One that was kept.
    pub fn unpack(stored: &StoredCatalogue) -> Result<Self, CatalogueError> {
        let text = zstd::bulk::decompress(&stored.body, BYTES_MAX)?;
        let catalogue: Self = serde_json::from_slice(&text)?;
        Ok(catalogue.indexed(format!("{} {}", stored.engine, stored.version)))
    }
}
