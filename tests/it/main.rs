//! Black-box tests: the real binary, asked by URL and by command line.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod bulk;
mod causes;
mod checks;
mod command_line;
mod coverage;
mod crash;
mod edge;
mod entries;
mod export;
mod faults;
mod findings;
mod followers;
mod grants;
mod hostile;
mod hostile_queries;
mod import;
mod job_faults;
mod jobs;
mod live;
mod outage;
mod producers;
mod quarantine;
mod related;
mod reports;
mod running;
mod scans;
mod schedules;
mod search;
mod search_opensearch;
mod search_while_writing;
mod sign_in;
mod succession;
mod support;
mod tree;
mod two_servers;
mod verify;
mod who_asked;
