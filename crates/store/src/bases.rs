//! The table `finding_bases`: of each check one finding, whole, with which the others are packed.

use std::collections::HashMap;

use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    StoreError, TenantTx,
    findings::{BodyError, Dictionary, Form, NewBase, body},
};

/// One of them, with what its bodies are read with.
#[derive(Debug)]
pub struct Base {
    pub id: Uuid,
    pub form: Form,
    pub provider: String,
    pub check_id: String,
    pub service: String,
    pub title: String,
    /// Of one finding: what it says of the check is so of all.
    pub text: String,
    pub dictionary: Dictionary,
}

/// Those of `ids` that there are.
pub async fn read(tx: &mut TenantTx, ids: &[Uuid]) -> Result<HashMap<Uuid, Base>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, form, provider, check_id, service, title, body FROM finding_bases
         WHERE tenant_id = $1 AND id = ANY($2)",
    )
    .bind(tx.tenant().0)
    .bind(ids)
    .fetch_all(tx.connection())
    .await?;
    rows.iter().map(|row| of_row(row).map(|base| (base.id, base))).collect()
}

/// All that `wanted` names: those that are not there yet are made of the text that comes with them. What
/// is answered is what is stored, whoever was first.
pub(crate) async fn keep(
    tx: &mut TenantTx,
    wanted: &HashMap<Uuid, (&NewBase, &str)>,
) -> Result<HashMap<Uuid, Base>, StoreError> {
    let ids: Vec<Uuid> = wanted.keys().copied().collect();
    let mut known = read(tx, &ids).await?;
    let missing: Vec<Uuid> = ids.into_iter().filter(|id| !known.contains_key(id)).collect();
    if !missing.is_empty() {
        write(tx, wanted, &missing).await?;
        known.extend(read(tx, &missing).await?);
    }
    Ok(known)
}

async fn write(
    tx: &mut TenantTx,
    wanted: &HashMap<Uuid, (&NewBase, &str)>,
    missing: &[Uuid],
) -> Result<(), StoreError> {
    let new: Vec<_> = missing.iter().filter_map(|id| wanted.get(id)).collect();
    let bodies = new.iter().map(|(_, text)| body::pack_base(text)).collect::<Result<Vec<_>, _>>()?;
    let of = |field: fn(&NewBase) -> &str| new.iter().map(|(base, _)| field(base)).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO finding_bases (tenant_id, id, form, provider, check_id, service, title, body)
         SELECT $1, * FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::bytea[])
         ON CONFLICT (tenant_id, id) DO NOTHING",
    )
    .bind(tx.tenant().0)
    .bind(missing)
    .bind(new.iter().map(|(base, _)| base.form.code()).collect::<Vec<_>>())
    .bind(of(|base| &base.provider))
    .bind(of(|base| &base.check_id))
    .bind(of(|base| &base.service))
    .bind(of(|base| &base.title))
    .bind(bodies)
    .execute(tx.connection())
    .await?;
    Ok(())
}

fn of_row(row: &PgRow) -> Result<Base, StoreError> {
    let text = body::unpack_base(row.try_get("body")?)?;
    Ok(Base {
        id: row.try_get("id")?,
        form: Form::from_code(row.try_get("form")?)
            .ok_or_else(|| StoreError::unexpected("a base of an unknown form"))?,
        provider: row.try_get("provider")?,
        check_id: row.try_get("check_id")?,
        service: row.try_get("service")?,
        title: row.try_get("title")?,
        dictionary: Dictionary::of(&text),
        text,
    })
}

impl From<BodyError> for StoreError {
    fn from(error: BodyError) -> Self {
        Self::Unexpected(Box::new(error))
    }
}
