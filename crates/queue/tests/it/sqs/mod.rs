//! The channel on moto's real server, over HTTP, by the real SDK.

mod cancelling;
mod faults;
mod fixture;
mod foreign;
mod messages;
mod opening;
mod receipts;

pub(crate) use fixture::{aws_url, shared};
