//! Entries as files: streamed, by a job, and by the command line.

mod cancel;
mod command_line;
mod download;
mod http;
mod jobs;
mod reading;
