//! From a credential to a [`Principal`] to a [`Scope`]: who is asking, and what they may do.
//!
//! What it is for: verifying bearer credentials (API keys, our JWTs, those of outside issuers),
//! minting tokens and secrets, hashing passwords, rate limits, and the one table of which role may
//! do which operation.
//! May know: the directory of users, keys and sessions through the [`Directory`] port (the store is
//! behind it), the keys port, a clock that is handed in. Must not: speak SQL or HTTP, or let anyone
//! else make a `Scope`; its constructor is private, so that holding one is the proof.

pub mod api_key;
pub mod authenticated;
pub mod authenticator;
pub mod claims;
pub mod directory;
mod fresh;
pub mod issuer;
pub mod key_ring;
pub mod limits;
pub mod operation;
pub mod origin;
pub mod password;
pub mod principal;
mod proven;
pub mod refusal;
pub mod restrict;
pub mod role;
pub mod row_grant;
pub mod scope;
pub mod secret;
pub mod sign_in_limits;
pub mod signing;
pub mod tokens;

pub use api_key::ApiKeyText;
pub use authenticated::{Authenticated, Credential, Denied};
pub use authenticator::{AuthConfig, Authenticator};
pub use directory::{
    ApiKeyRecord, Directory, DirectoryError, IssuedTokenRecord, SessionRecord, SigningKeyRecord, TicketRecord,
};
pub use issuer::{Issuer, IssuerKey, Mapping};
pub use limits::{LimitsConfig, Quota, RateLimits, Standing};
pub use operation::{Access, Named, Operation, Trail, op};
pub use origin::Origin;
pub use password::{PasswordError, Passwords};
pub use principal::Principal;
pub use refusal::{AuthError, Refusal};
pub use role::Role;
pub use row_grant::{RowGrant, RowGrantError};
pub use scope::{Scope, SystemAuthority};
pub use secret::{NewSecret, SecretHash, SecretKind};
pub use sign_in_limits::{SignInLimits, SignInLimitsConfig};
pub use signing::{Jwk, JwkSet, NewSigningKey};
pub use tokens::{Minted, TokenError, Tokens};
