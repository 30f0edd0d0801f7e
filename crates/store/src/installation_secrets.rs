//! The table `installation_secrets`: what all servers of one installation share and nobody else
//! knows. Sealed; read by the owner alone.

use custody_keys::{KeyError, Keys, Zeroizing};

use crate::{StoreError, transaction::OwnerTx};

/// What the keys port binds the sealed bytes to.
const PURPOSE: &str = "installation_secrets/cursors";

/// The secret that seals cursors. Of several servers that start first at once, one makes it.
pub(crate) async fn load_or_create(
    owner: &mut OwnerTx,
    keys: &Keys,
) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    if let Some(sealed) = find(owner).await? {
        return open(keys, &sealed).await;
    }
    let fresh = Zeroizing::new(rand::random::<[u8; 32]>());
    let sealed = keys.seal(PURPOSE, &fresh[..]).await.map_err(unexpected)?;
    sqlx::query(
        "INSERT INTO installation_secrets (purpose, sealed) VALUES ('cursors', $1) ON CONFLICT DO NOTHING",
    )
    .bind(&sealed)
    .execute(owner.connection())
    .await?;
    let kept = find(owner).await?.ok_or_else(|| StoreError::unexpected("the secret was not kept"))?;
    open(keys, &kept).await
}

async fn find(owner: &mut OwnerTx) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed = sqlx::query_scalar("SELECT sealed FROM installation_secrets WHERE purpose = 'cursors'");
    Ok(sealed.fetch_optional(owner.connection()).await?)
}

async fn open(keys: &Keys, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let secret = keys.open(PURPOSE, sealed).await.map_err(unexpected)?;
    let bytes = <[u8; 32]>::try_from(&secret[..]);
    bytes.map(Zeroizing::new).map_err(|_| StoreError::unexpected("the secret has another length"))
}

fn unexpected(error: KeyError) -> StoreError {
    StoreError::Unexpected(Box::new(error))
}
