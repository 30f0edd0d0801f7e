//! What a scan is to look at, as it is asked for and kept.

use custody_store::tenant_checks::TenantCheck;
use serde::{Deserialize, Serialize};

use crate::{
    FieldFault,
    catalogue::{Catalogue, Planned, Scope},
};

/// Kept as JSON with the scan; scans of the same are compared with each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    #[serde(flatten)]
    pub scope: Scope,
    /// Of an emulated account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demo: bool,
}

impl Wish {
    /// The checks that it is of.
    pub fn select(
        &self,
        catalogue: &Catalogue,
        own: &[TenantCheck],
    ) -> Result<Vec<Planned>, Vec<FieldFault>> {
        catalogue.select(&self.scope, own)
    }
}
