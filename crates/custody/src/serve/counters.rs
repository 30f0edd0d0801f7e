//! The counters that `/metrics` shows, from the start: one that is not there before it first counts
//! looks, to whoever watches it, as if nothing had happened when it did.
//!
//! Those of jobs have a label for the kind, and the kinds are known where they are wired.
//! Where a label has values that only requests know (routes), the counter is described here and shown
//! once it counts.

use custody_ingest::Reason;
use custody_ledger::follow;
use custody_queue::{
    Kinds,
    sqs::{FOREIGN_MESSAGES, Foreign},
    worker,
};
use metrics::Unit;

/// A counter, the label it has, and all values of that.
struct Counter {
    name: &'static str,
    label: &'static str,
    values: &'static [&'static str],
    description: &'static str,
}

const fn plain(name: &'static str, description: &'static str) -> Counter {
    Counter { name, label: "", values: &[], description }
}

const COUNTERS: &[Counter] = &[
    plain("custody_anchor_mismatches_total", "Anchors that are not the checkpoint of their log."),
    plain("custody_anchors_total", "Checkpoints that were anchored."),
    plain("custody_checkpoints_total", "Checkpoints that were signed."),
    Counter {
        name: "custody_exports_total",
        label: "result",
        values: &["whole", "cut_off"],
        description: "Streamed exports that ended.",
    },
    Counter {
        name: "custody_follower_leases_lost_total",
        label: "follower",
        values: &follow::NAMES,
        description: "Leases that a follower lost while it worked under them.",
    },
    plain("custody_http_panics_total", "Requests whose handler panicked: answered 500."),
    plain("custody_http_shed_total", "Requests refused because as many as may were in hand."),
    plain("custody_index_failures_total", "Times that the index of a tenant could not follow its log."),
    plain("custody_index_parts_lost_total", "Parts of the index that were damaged, and are made again."),
    Counter {
        name: "custody_ingest_items_total",
        label: "result",
        values: &["accepted", "duplicate", "quarantined", "retry"],
        description: "What items were answered.",
    },
    plain("custody_ledger_batches_split_total", "Batches that failed and were written tenant by tenant."),
    plain(
        "custody_ledger_clock_behind_total",
        "Batches written while the database's clock was behind a log.",
    ),
    plain("custody_ledger_queue_full_total", "Requests refused because as much as may waited to be written."),
    plain("custody_live_entries_delivered_total", "Entries that were sent to streams of the log."),
    plain(
        "custody_live_entries_dropped_total",
        "Entries that streams left out because their reader was slow.",
    ),
    plain("custody_opensearch_documents_refused_total", "Entries that OpenSearch refused for good."),
    plain("custody_opensearch_documents_total", "Entries that were written to OpenSearch."),
    plain("custody_opensearch_failures_total", "Requests that OpenSearch did not answer."),
    plain(
        "custody_opensearch_searches_without_total",
        "Searches that read the log because OpenSearch could not answer.",
    ),
    plain("custody_partitions_missing_total", "Batches that found their day without a partition."),
    plain("custody_private_database_restarts_total", "Times that the private PostgreSQL was started again."),
    plain("custody_reads_told_total", "Entries about reads that were written into the log."),
    plain("custody_quarantine_dropped_total", "Quarantined items that were dropped."),
    Counter {
        name: "custody_quarantine_replays_total",
        label: "result",
        values: &["accepted", "duplicate", "rejected", "gone", "failed"],
        description: "What became of replays.",
    },
    Counter {
        name: "custody_rate_limited_total",
        label: "policy",
        values: &["tenant", "credential", "account", "address"],
        description: "Requests beyond a limit: answered 429.",
    },
    plain("custody_schedules_failed_total", "Due times of schedules that could not be fired."),
    plain("custody_schedules_fired_total", "Due times of schedules that were fired."),
    Counter {
        name: "custody_search_reconciliations_total",
        label: "found",
        values: &["agrees", "differs"],
        description: "Times that the index in OpenSearch was held against the ledger.",
    },
    plain("custody_tree_mismatches_total", "Logs whose entries no longer give the tree that was signed."),
];

/// Shows them all, at 0.
pub(super) fn register() {
    for Counter { name, label, values, description } in COUNTERS {
        metrics::describe_counter!(*name, *description);
        if values.is_empty() {
            metrics::counter!(*name).increment(0);
        }
        for value in *values {
            metrics::counter!(*name, *label => *value).increment(0);
        }
    }
    metrics::describe_counter!(OF_REASONS, "Items that were answered quarantined.");
    for reason in Reason::ALL {
        metrics::counter!(OF_REASONS, "reason" => reason.as_str()).increment(0);
    }
    metrics::describe_counter!(OF_ROUTES, "Requests that were answered.");
    metrics::describe_gauge!(
        custody_search::tantivy::WAITING,
        "Entries that are in no part of the index yet."
    );
    metrics::describe_gauge!(custody_export::RUNNING, "Exports that run, streamed or by a job.");
    metrics::gauge!(custody_export::RUNNING).set(0.0);
}

/// Shows those of the kinds of job that this process runs, at 0, and says what its other metrics are.
pub(super) fn register_jobs(kinds: &Kinds) {
    metrics::describe_counter!(
        FOREIGN_MESSAGES,
        "Messages in the queue that were not ours, by why; set aside."
    );
    for reason in Foreign::ALL {
        metrics::counter!(FOREIGN_MESSAGES, "reason" => reason.as_str()).increment(0);
    }
    metrics::describe_counter!(OF_JOBS, "Attempts at jobs that ended, by how.");
    for kind in kinds.names() {
        for outcome in worker::OUTCOMES {
            metrics::counter!(OF_JOBS, "kind" => kind, "outcome" => outcome).increment(0);
        }
    }
    let seconds = Unit::Seconds;
    metrics::describe_histogram!("custody_job_seconds", seconds, "How long attempts at jobs took.");
    metrics::describe_gauge!("custody_jobs_waiting", "Jobs that may run and wait for a worker.");
    metrics::describe_gauge!("custody_jobs_delayed", "Jobs whose time has not come.");
    metrics::describe_gauge!("custody_jobs_running", "Jobs that run.");
    metrics::describe_gauge!(
        "custody_jobs_oldest_waiting_seconds",
        seconds,
        "For how long the job waits that waits longest."
    );
}

const OF_JOBS: &str = "custody_jobs_ended_total";
const OF_REASONS: &str = "custody_quarantine_items_total";
const OF_ROUTES: &str = "custody_http_requests_total";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// The first text after each `counter!(`, in every crate.
    fn counted(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                counted(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let names =
                    text.split("counter!(").skip(1).filter_map(|call| call.trim_start().strip_prefix('"'));
                found.extend(names.filter_map(|name| Some(name.split_once('"')?.0.to_owned())));
            }
        }
    }

    #[test]
    fn every_counter_of_every_crate_is_here_and_no_other() {
        let mut found = BTreeSet::new();
        counted(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut found);
        found.retain(|name| name.starts_with("custody_"));
        let here = COUNTERS.iter().map(|counter| counter.name).chain([OF_JOBS, OF_REASONS, OF_ROUTES]);
        assert_eq!(found, here.map(ToOwned::to_owned).collect());
    }
}
