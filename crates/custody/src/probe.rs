//! A job that does what a test wants of it, and the hidden verb that asks for one. Only the binary that
//! the tests start has them (`build.rs`).

mod act;
mod command;
mod kinds;
mod times;

pub(crate) use self::{command::ProbeArgs, kinds::add_to, times::Times};
