//! The claims of our own tokens (RFC 7519).

use custody_domain::{SessionId, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Role;

/// `aud` of every token that is meant for us.
pub const AUDIENCE: &str = "custody";

/// What we sign. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// `user:<uuid>` for a session's token, `token:<jti>` for an issued one.
    pub sub: String,
    pub exp: i64,
    pub nbf: i64,
    pub iat: i64,
    pub jti: Uuid,
    /// The one tenant that it is good for.
    pub tid: TenantId,
    /// As of the making; what counts is the role that stands in the directory.
    pub role: Role,
    /// The session; absent in an issued token, which stands by its `jti`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
}
