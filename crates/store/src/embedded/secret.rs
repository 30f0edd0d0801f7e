//! The two passwords of the private server, random, on disk only sealed.

use std::{fs, io, path::Path};

use custody_keys::{KeyError, Keys, Zeroizing};

use super::{EmbeddedError, durable::write_durably};
use crate::roles::scram;

const SUPERUSER_PURPOSE: &str = "store.embedded.superuser";
const OWNER_PURPOSE: &str = "store.embedded.owner";

/// A password: 64 hex digits, so that it needs no quoting anywhere. Wiped when dropped.
pub(super) type Password = Zeroizing<String>;

/// Whose password.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    Superuser,
    Owner,
}

impl Whose {
    fn purpose(self) -> &'static str {
        match self {
            Self::Superuser => SUPERUSER_PURPOSE,
            Self::Owner => OWNER_PURPOSE,
        }
    }
}

/// Makes a new one and keeps it, sealed and synced, at `path`.
pub(super) async fn create(path: &Path, whose: Whose, keys: &Keys) -> Result<Password, EmbeddedError> {
    let random = Zeroizing::new(rand::random::<[u8; 32]>());
    let password = Zeroizing::new(hex::encode(&random[..]));
    let sealed = keys.seal(whose.purpose(), password.as_bytes()).await.map_err(refused(path))?;
    write_durably(path, 0o600, &sealed).map_err(EmbeddedError::io("write", path))?;
    Ok(password)
}

/// Opens the one at `path`; `None` where there is none.
pub(super) async fn open(path: &Path, whose: Whose, keys: &Keys) -> Result<Option<Password>, EmbeddedError> {
    let sealed = match fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(EmbeddedError::io("read", path))?,
    };
    let plain = keys.open(whose.purpose(), &sealed).await.map_err(refused(path))?;
    let text = std::str::from_utf8(&plain).map_err(|_| refused(path)(KeyError::Malformed("no text")))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// What PostgreSQL stores of a password, and takes in its place.
pub(super) fn verifier(password: &Password) -> String {
    scram::verifier(password, rand::random())
}

fn refused(path: &Path) -> impl FnOnce(KeyError) -> EmbeddedError {
    let path = path.to_owned();
    move |source| EmbeddedError::Secret { path, source }
}
