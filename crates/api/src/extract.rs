//! What handlers take from a request besides their [`crate::Permit`], each with its problem.

pub(crate) mod body;
mod encoding;
mod id;
mod json;
mod media_type;
pub(crate) mod memory;
mod parameters;

pub(crate) use self::{
    id::Id,
    json::Json,
    media_type::{MediaType, media_type},
    parameters::Parameters,
};
