//! What handlers take from a request besides their [`crate::Permit`], each with its problem.

pub(crate) mod body;
pub(crate) mod decoded;
pub(crate) mod encoding;
pub(crate) mod frames;
pub(crate) mod halt;
mod id;
mod idempotency_key;
mod json;
mod media_type;
pub(crate) mod memory;
mod parameters;

pub(crate) use self::{
    id::Id,
    idempotency_key::IdempotencyKey,
    json::Json,
    media_type::{MediaType, media_type},
    parameters::Parameters,
};
