//! A log's name: `<log name>/<tenant id>/e<epoch>`.

use std::{fmt, str::FromStr};

use custody_domain::TenantId;

/// Which log: of which installation, whose, and since which restore that may have lost entries.
/// It is the first line of its checkpoints and the name of the keys that sign them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    log_name: String,
    tenant: TenantId,
    epoch: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no origin: <log name>/<tenant id>/e<epoch>, without spaces and plus signs")]
pub struct InvalidOrigin;

impl Origin {
    pub fn new(log_name: &str, tenant: TenantId, epoch: u32) -> Result<Self, InvalidOrigin> {
        if log_name.is_empty() || log_name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
        {
            return Err(InvalidOrigin);
        }
        Ok(Self { log_name: log_name.to_owned(), tenant, epoch })
    }

    pub fn log_name(&self) -> &str {
        &self.log_name
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub fn epoch(&self) -> u32 {
        self.epoch
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/e{}", self.log_name, self.tenant, self.epoch)
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let (rest, epoch) = text.rsplit_once("/e").ok_or(InvalidOrigin)?;
        let (log_name, tenant) = rest.rsplit_once('/').ok_or(InvalidOrigin)?;
        let tenant = tenant.parse().map_err(|_| InvalidOrigin)?;
        let origin = Self::new(log_name, tenant, epoch.parse().map_err(|_| InvalidOrigin)?)?;
        // One way to write each.
        if origin.to_string() == text { Ok(origin) } else { Err(InvalidOrigin) }
    }
}
