//! The sample: two invented tenants with events, so that there is something to look at.

use anyhow::ensure;
use chrono::{TimeDelta, Utc};
use custody_auth::{NewSecret, Role};
use custody_domain::TenantId;
use custody_ingest::{Format, Ingest, ItemResult, RawItem, sample};
use custody_ledger::Ledger;
use custody_store::{
    IdentityError, StoreError, one_time_secrets,
    tenants::{self, Tenant},
    users,
};

use crate::installation::Installation;

/// The tenant that the examples name.
pub(crate) const TENANT: &str = "acme";

/// Short name, title, admin, and the seed of its events.
const TENANTS: [(&str, &str, &str, u64); 2] =
    [(TENANT, "Acme Corporation", "admin@acme.example", 1), ("globex", "Globex", "admin@globex.example", 2)];

/// Events of each source in each tenant.
const EVENTS: usize = 1_000;
/// Items a submission.
const BATCH: usize = 500;

/// Makes the tenants, their admins and their events, as far as they are not there yet.
pub(crate) async fn load(
    installation: &Installation,
    ledger: &Ledger,
    ingest: &Ingest,
) -> anyhow::Result<()> {
    for (name, title, admin, seed) in TENANTS {
        let tenant = tenant(installation, name, title).await?;
        member(installation, &tenant, admin).await?;
        events(installation, (ledger, ingest), &tenant, seed).await?;
    }
    Ok(())
}

/// New one-time sign-ins of the admins who never set a password.
pub(crate) async fn sign_ins(installation: &Installation) -> anyhow::Result<Vec<(String, NewSecret)>> {
    let (store, authority) = (&installation.store, &installation.authority);
    let scope = authority.scope(TenantId::RESERVED, "sample");
    let mut secrets = Vec::new();
    for (_, _, admin, _) in TENANTS {
        let secret = one_time_secrets::renew(store, &scope, authority, admin, Utc::now()).await?;
        secrets.extend(secret.map(|secret| (admin.to_owned(), secret)));
    }
    Ok(secrets)
}

async fn tenant(installation: &Installation, name: &str, title: &str) -> anyhow::Result<Tenant> {
    let (store, authority) = (&installation.store, &installation.authority);
    match tenants::find(store, authority, name).await {
        Ok(tenant) => Ok(tenant),
        Err(StoreError::NotFound) => {
            let scope = authority.scope(TenantId::RESERVED, "sample");
            let new =
                tenants::NewTenant { name: name.to_owned(), title: title.to_owned(), admin_email: None };
            Ok(tenants::create(store, &scope, new, Utc::now()).await?.tenant)
        }
        Err(error) => Err(error.into()),
    }
}

async fn member(installation: &Installation, tenant: &Tenant, email: &str) -> anyhow::Result<()> {
    let scope = installation.authority.scope(tenant.id, "sample");
    let new =
        users::NewUser { email: email.to_owned(), tenant: tenant.id, role: Role::Admin, row_grant: None };
    match users::create(&installation.store, &scope, &installation.authority, new, Utc::now()).await {
        // They are a member already.
        Ok(_) | Err(IdentityError::Taken(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn events(
    installation: &Installation,
    (ledger, ingest): (&Ledger, &Ingest),
    tenant: &Tenant,
    seed: u64,
) -> anyhow::Result<()> {
    let scope = installation.authority.scope(tenant.id, "sample");
    if ledger.head(&scope).await?.size >= 2 * EVENTS as u64 {
        return Ok(());
    }
    // Of the tenant's age, not of the moment: a load that was cut short goes on with the same
    // events, and those that are in the log already are duplicates.
    let since = tenant.created_at - TimeDelta::hours(3);
    let cloudtrail = sample::cloudtrail_since(seed, EVENTS, since).collect::<Vec<_>>();
    // Another seed: the same one would give some events of the two sources the same id.
    let native = sample::native_since(seed + 100, EVENTS, since).collect::<Vec<_>>();
    for (format, events) in [(Format::CloudTrail, cloudtrail), (Format::Custody, native)] {
        for batch in events.chunks(BATCH) {
            let items = batch.iter().map(|event| RawItem::whole(event.clone())).collect();
            let results = ingest.submit(&scope, format, items).await?;
            let taken =
                |result: &ItemResult| matches!(result, ItemResult::Accepted(_) | ItemResult::Duplicate(_));
            let refused = results.iter().find(|result| !taken(result));
            ensure!(refused.is_none(), "an event of the sample is not taken: {refused:?}");
        }
    }
    Ok(())
}
