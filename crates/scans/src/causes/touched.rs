//! The other way: what was found of the resources that an entry touched.

use std::collections::HashMap;

use custody_domain::Entry;
use custody_store::{
    PageRequest, StoreError, TenantTx,
    findings::{self, Finding, Said},
    resources,
};
use uuid::Uuid;

use super::{
    Called, Touch,
    called::{tail, texts},
};

/// Texts of one entry that are looked for; a call names fewer.
const TEXTS_MAX: usize = 1_000;

/// Resources of one name, say, that are looked at.
const RESOURCES_MAX: u32 = 1_000;

#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// In the order of the findings' ids, each with what people said of it, and by what the entry names what it
    /// is of.
    pub items: Vec<(Touch, Finding, Said)>,
    pub next: Option<Uuid>,
}

/// A page of the findings that are of what `entry` touched: the current ones, or all.
pub async fn touched(
    tx: &mut TenantTx,
    entry: &Entry<'_>,
    history: bool,
    request: PageRequest,
) -> Result<Touched, StoreError> {
    let mut texts = texts(entry);
    texts.truncate(TEXTS_MAX);
    let tails: Vec<String> = texts.iter().filter_map(|text| tail(text)).map(str::to_owned).collect();
    let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
    let named = resources::called(tx, &texts, &tails, RESOURCES_MAX).await?;
    let touches: HashMap<Uuid, Touch> = named
        .iter()
        .filter_map(|resource| {
            let called = Called::of(&resource.uid, &resource.name, &resource.account, &resource.region);
            Some((resource.id, called.touched_by(entry)?))
        })
        .collect();
    if touches.is_empty() {
        return Ok(Touched::default());
    }
    let ids: Vec<Uuid> = touches.keys().copied().collect();
    let page = findings::of_resources(tx, &ids, history, request).await?;
    let keys: Vec<Uuid> = page.items.iter().map(|finding| finding.key).collect();
    let said = findings::said(tx, &keys).await?;
    let items = page.items.into_iter().filter_map(|finding| {
        let said = said.get(&finding.key).cloned().unwrap_or_default();
        Some((*touches.get(&finding.resource.id)?, finding, said))
    });
    Ok(Touched { items: items.collect(), next: page.next })
}
