//! Every key, in one place: `tenants/<tenant id>/<area>/…`.
//!
//! | key | what |
//! | --- | --- |
//! | `tenants/<t>/anchors/e<epoch>/<size, 20 digits>.note` | a checkpoint as it was signed, to be held against the log later |
//! | `tenants/<t>/jobs/<job id>/<name>` | what a job left |
//! | `health/<uuid>` | the object that a health check writes, reads and removes |

use std::fmt;

use custody_auth::Scope;
use custody_domain::TenantId;
use uuid::Uuid;

use crate::ObjectsError;

/// The longest name of a job's file, in bytes.
pub const NAME_BYTES_MAX: usize = 255;

/// Where one object is. Only the functions of this file make one, and for a tenant's they ask for its
/// scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// Where objects of one kind are. Made as a [`Key`] is.
#[derive(Clone, PartialEq, Eq)]
pub struct Prefix {
    tenant: TenantId,
    text: String,
}

/// A tenant's checkpoint of this size, in this epoch of its log.
pub fn anchor(scope: &Scope, epoch: u32, size: u64) -> Key {
    Key(format!("{}{size:020}.note", anchors(scope, epoch).text))
}

/// A tenant's anchors of one epoch; their keys' order is that of the sizes.
pub fn anchors(scope: &Scope, epoch: u32) -> Prefix {
    Prefix::of(scope, &format!("anchors/e{epoch}/"))
}

/// A file that a job leaves. The name has 1 to 255 of `A–Z a–z 0–9 . _ -` and does not begin with a
/// dot; every other is [`ObjectsError::Refused`] with what is wrong.
pub fn job_file(scope: &Scope, job: Uuid, name: &str) -> Result<Key, ObjectsError> {
    check_name(name)?;
    Ok(Key(format!("{}{name}", job_files(scope, job).text)))
}

/// All files of one job.
pub fn job_files(scope: &Scope, job: Uuid) -> Prefix {
    Prefix::of(scope, &format!("jobs/{job}/"))
}

/// All that is kept for a tenant.
pub fn tenant(scope: &Scope) -> Prefix {
    Prefix::of(scope, "")
}

/// What a health check writes; no tenant's.
pub(crate) fn health() -> Key {
    Key(format!("health/{}", Uuid::new_v4()))
}

impl Key {
    /// The key that this text is, if it is one of the layout's under this scope's tenant.
    pub fn parse(scope: &Scope, text: &str) -> Result<Self, ObjectsError> {
        Self::parse_for(scope.tenant(), text)
    }

    /// As it is stored, under the store's own prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// For the parts: what a list of one tenant's met. The tenant comes from a [`Prefix`], and that
    /// from a scope.
    pub(crate) fn parse_for(tenant: TenantId, text: &str) -> Result<Self, ObjectsError> {
        let within = text
            .strip_prefix(&root(tenant))
            .ok_or_else(|| ObjectsError::refused("the key is not under this tenant's prefix"))?;
        let parts: Vec<&str> = within.splitn(4, '/').collect();
        match parts[..] {
            ["anchors", epoch, name] if is_epoch(epoch) && is_anchor(name) => {}
            ["jobs", job, name] if Uuid::try_parse(job).is_ok_and(|id| id.to_string() == job) => {
                check_name(name)?;
            }
            _ => return Err(ObjectsError::refused("the key is none of the layout's")),
        }
        Ok(Self(text.to_owned()))
    }
}

impl Prefix {
    fn of(scope: &Scope, within: &str) -> Self {
        let tenant = scope.tenant();
        Self { tenant, text: root(tenant) + within }
    }

    /// It ends with a slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({})", self.text)
    }
}

fn root(tenant: TenantId) -> String {
    format!("tenants/{tenant}/")
}

/// `e0`, `e1`, …: as [`anchors`] writes it.
fn is_epoch(text: &str) -> bool {
    text.strip_prefix('e').is_some_and(|number| number.parse::<u32>().is_ok_and(|n| n.to_string() == number))
}

/// As [`anchor`] writes it.
fn is_anchor(name: &str) -> bool {
    name.strip_suffix(".note")
        .is_some_and(|size| size.parse::<u64>().is_ok_and(|n| format!("{n:020}") == size))
}

fn check_name(name: &str) -> Result<(), ObjectsError> {
    let refused = |why: String| Err(ObjectsError::refused(format!("the file's name {why}")));
    if name.is_empty() {
        return refused("is empty".to_owned());
    }
    if name.len() > NAME_BYTES_MAX {
        return refused(format!("has {} bytes, more than {NAME_BYTES_MAX}", name.len()));
    }
    if name.starts_with('.') {
        return refused("begins with a dot".to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match name.chars().find(|c| !allowed(*c)) {
        Some(wrong) => refused(format!("has {wrong:?} in it; letters, digits, '.', '_' and '-' are allowed")),
        None => Ok(()),
    }
}
