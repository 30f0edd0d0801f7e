//! Prowler in a process of its own.
//!
//! [`Launch::start`] makes a fresh home, writes the driver (`crates/scans/driver`) into it and starts it with
//! nothing of this program's environment; the order, with the credentials, goes by standard input. What it
//! says comes as a bounded stream of [`Said`], its last word is [`Said::Ended`]. It is the leader of its
//! process group; with the [`Driver`], or with this whole program, the group ends.
//!
//! | line to the driver | |
//! | --- | --- |
//! | the order | [`Order`]; the first line |
//! | `{"do":"run","checks":[…]}` | of one service, best; answered with `ran` |
//! | `{"do":"stop"}` | it ends well, with what it found told |
//!
//! What it answers is [`Event`].

mod code;
mod error;
mod event;
mod group;
mod home;
mod launch;
mod lines;
mod log;
mod order;
mod output;
mod process;
mod scrub;

pub use error::DriverError;
pub use event::{Checked, Event, FailedCall, FailureKind, Found, Phase, Ready};
pub(crate) use group::Group;
pub(crate) use home::Home;
pub use launch::{Driver, Launch, Said};
pub use order::{Network, Order};
pub use process::End;
pub use scrub::Scrubber;
