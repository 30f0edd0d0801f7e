//! Amazon SQS as what hands out the right to try a job.
//!
//! A [`Channel`] carries [`Ticket`]s, the ids of jobs, from whoever wrote a job's row to a worker that then
//! claims that row. It promises what SQS promises and no more: a ticket that was sent comes at least once,
//! perhaps twice, perhaps late, in no order, and again after its visibility where nobody deleted it. That
//! it may be tried only once is decided by the row, never here.
//!
//! [`Sqs`] is the part behind the port that is made of it.
//!
//! May know: the SDK, an installation's id, ids of tenants and jobs; the tables in `part`, `relay` and `sort` alone. Must not:
//! know what a job does, or put anything but ids into a message. [docs/queue-sqs.md](../../../../docs/queue-sqs.md) is the
//! operator's page.

mod channel;
mod client;
mod config;
mod error;
mod foreign;
mod part;
mod queues;
mod receipts;
mod receive;
mod relay;
mod send;
mod sort;
mod ticket;

pub use channel::{Channel, Depth};
pub use client::from_environment;
pub use config::SqsConfig;
pub use error::SqsError;
pub use foreign::FOREIGN_MESSAGES;
pub use part::Sqs;
pub use receipts::{Fates, Held, Receipt};
pub use receive::{Delivery, RECEIVE_MAX};
pub use relay::RelayConfig;
pub use ticket::{Foreign, Ticket};
