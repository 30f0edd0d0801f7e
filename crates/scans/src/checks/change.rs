//! A tenant's word on checks: said, changed, taken back.

use std::sync::Arc;

use custody_auth::Scope as Who;
use custody_domain::FindingSeverity;
use custody_store::{
    StoreError,
    findings::Wish,
    tenant_checks::{self, Said},
};

use super::{Checks, MANUAL, OWN_MAX, OwnCheck, TextChange, fault::Faults};
use crate::{Scans, ScansError, catalogue::Catalogue, connections};

const NOTE_MAX: usize = 2_000;

/// A check of a tenant's own, as somebody writes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    pub own: OwnCheck,
    pub disabled: bool,
    pub note: Option<String>,
}

/// What is not given stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub severity: Wish<FindingSeverity>,
    pub disabled: Option<bool>,
    pub note: Wish<String>,
    /// Of a check of the tenant's own.
    pub texts: TextChange,
    /// As it was read: somebody else's change since is not overwritten.
    pub version: Option<u64>,
}

impl Scans {
    /// One more of the tenant's own.
    pub async fn create_check(
        &self,
        who: &Who,
        provider: &str,
        wanted: Wanted,
    ) -> Result<Checks, ScansError> {
        let catalogue = self.catalogue_of(who, provider).await?;
        let kept = wanted.own.kept(&catalogue)?;
        noted(wanted.note.as_deref())?;
        let id = &wanted.own.check.id;
        if catalogue.check(id).is_some() {
            return Err(ScansError::Conflict(format!("the engine has a check {id}")));
        }
        let said = Said { own: Some(kept), severity: None, disabled: wanted.disabled, note: wanted.note };
        let mut tx = self.store.tenant_tx(who).await?;
        // What was said of a check that the engine has no more gives way.
        if tenant_checks::find(&mut tx, provider, id).await?.is_some_and(|known| known.own.is_some()) {
            return Err(ScansError::Conflict(format!("there is a check {id}")));
        }
        if tenant_checks::count_own(&mut tx, provider).await? >= OWN_MAX {
            return Err(ScansError::Conflict(format!("there are {OWN_MAX} checks of your own")));
        }
        let made = tenant_checks::write(&mut tx, who, provider, id, &said, "custody.check.created").await?;
        tx.commit().await?;
        Checks::of(provider, catalogue, vec![made])
    }

    /// Another word on one of the engine's, or on one of the tenant's own.
    pub async fn change_check(
        &self,
        who: &Who,
        provider: &str,
        id: &str,
        change: Change,
    ) -> Result<Checks, ScansError> {
        if let Wish::Becomes(Some(note)) = &change.note {
            noted(Some(note))?;
        }
        let catalogue = self.catalogue_of(who, provider).await?;
        let mut tx = self.store.tenant_tx(who).await?;
        let before = tenant_checks::find(&mut tx, provider, id).await?;
        let own = before.as_ref().and_then(|before| before.own.clone());
        if own.is_none() && catalogue.check(id).is_none() {
            return Err(StoreError::NotFound.into());
        }
        let now = before.as_ref().map_or(0, |before| before.version);
        if change.version.is_some_and(|version| version != now) {
            return Err(ScansError::Conflict(format!("it is at version {now}")));
        }
        let mut said = before.map(|before| before.said()).unwrap_or_default();
        said.severity = change.severity.or(said.severity);
        said.disabled = change.disabled.unwrap_or(said.disabled);
        said.note = change.note.or(said.note);
        if let Some(pointer) = change.texts.first() {
            let Some(own) = own else {
                let detail =
                    "is the engine's: of its checks only `severity`, `disabled` and `note` are yours";
                return Err(ScansError::invalid(pointer, detail));
            };
            let mut own: OwnCheck = serde_json::from_value(own)?;
            change.texts.apply(&mut own);
            said.own = Some(own.kept(&catalogue)?);
        }
        let made = tenant_checks::write(&mut tx, who, provider, id, &said, "custody.check.updated").await?;
        tx.commit().await?;
        Checks::of(provider, catalogue, vec![made])
    }

    /// A check of the tenant's own is gone; one of the engine's is again as the engine says.
    pub async fn delete_check(&self, who: &Who, provider: &str, id: &str) -> Result<(), ScansError> {
        known(provider)?;
        let mut tx = self.store.tenant_tx(who).await?;
        tenant_checks::delete(&mut tx, who, provider, id).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn catalogue_of(&self, who: &Who, provider: &str) -> Result<Arc<Catalogue>, ScansError> {
        match provider {
            MANUAL => Ok(Arc::default()),
            _ => self.catalogue(who, provider).await,
        }
    }
}

/// Whether there is such a provider.
fn known(provider: &str) -> Result<(), ScansError> {
    if provider == MANUAL { Ok(()) } else { connections::known(provider) }
}

fn noted(note: Option<&str>) -> Result<(), ScansError> {
    let mut faults = Faults::default();
    faults.text("/note", note.unwrap_or_default(), 0, NOTE_MAX);
    faults.none()
}
