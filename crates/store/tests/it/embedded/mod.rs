//! The private server, as processes and files: started, killed, left behind, refused.
//!
//! Each test has a data directory and so a server of its own, and leaves no process. As root the
//! server runs as another user; [`as_a_normal_user`] runs all of it again as `nobody`.

mod binaries;
mod doctor;
mod killed;
mod lifecycle;
mod normal_user;
mod parent;
mod refusals;
mod room;
