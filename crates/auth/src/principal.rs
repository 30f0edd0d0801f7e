//! Who acts: what `recorded_by.principal` says.

use std::fmt;

use custody_domain::{KeyId, TokenId, UserId};

/// Who acts. Its text form stands in every entry and is final: `user:<uuid>`, `key:<uuid>`,
/// `oidc:<iss>#<sub>`, `token:<jti>`, `system:<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    User(UserId),
    Key(KeyId),
    Oidc {
        issuer: String,
        subject: String,
    },
    Token(TokenId),
    System(&'static str),
    /// Nobody that is known yet: a failed sign-in. Text form `system:anonymous`.
    Anonymous,
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Oidc { issuer, subject } => write!(f, "oidc:{issuer}#{subject}"),
            Self::Token(jti) => write!(f, "token:{jti}"),
            Self::System(name) => write!(f, "system:{name}"),
            Self::Anonymous => f.write_str("system:anonymous"),
        }
    }
}
