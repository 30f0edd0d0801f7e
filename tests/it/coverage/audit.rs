//! What every operation leaves in the log: a change writes its entry, a read is on the list.

use custody_auth::{Access, Operation, operation::Trail};
use serde_json::Value;

use super::trail::{Deeds, entry_of};
use crate::support::shared;

/// Reads of anything but entries' contents: they leave no entry. Each is listed, so that a new one is a
/// decision. (What reads entries is `Trail::Told`, and told in the log.)
const READS: &[&str] = &[
    "getCheckpoint",
    "listCheckpoints",
    "listAnchors",
    "getAnchor",
    "getLogKey",
    "listLogKeys",
    "getTile",
    "getEntriesTile",
    "getConsistency",
    "getWatermark",
    "listProducers",
    "listFollowers",
    "listScans",
    "getScan",
    "getScanStatus",
    "streamScan",
    "getScanLog",
    "compareScans",
    "listScanChecks",
    "listFindings",
    "getFindingStats",
    "listRisks",
    "getFinding",
    "listProviders",
    "getProvider",
    "listChecks",
    "getCheck",
    "listFrameworks",
    "getFramework",
    "getCompliance",
    "getFrameworkCompliance",
    "listSchedules",
    "listQuarantine",
    "getQuarantined",
    "listJobs",
    "getJob",
    "streamJob",
    "listJobFiles",
    "getJobFile",
    // Whose address it is was written when that was asked for.
    "getFile",
    "getMaskPolicy",
    "listTenants",
    "getTenant",
    "listUsers",
    "getUser",
    "listInvitations",
    "listApiKeys",
    "getApiKey",
    "getMe",
    "getSigningKeys",
];

#[test]
fn every_read_is_on_the_list() {
    let reads: Vec<_> = Operation::ALL.iter().filter(|o| o.trail() == Trail::Read).map(|o| o.id()).collect();
    assert_eq!(reads, READS);
}

#[tokio::test]
async fn every_change_leaves_its_entry_with_who_did_it() {
    let server = shared().await;
    let deeds = Deeds::done(server).await;
    for operation in Operation::ALL {
        let (Trail::Entry(action) | Trail::Told(action)) = operation.trail() else { continue };
        let entry: Value = entry_of(&deeds.log_of(*operation), action, operation.route()).await;
        let principal = entry["recorded_by"]["principal"].as_str().unwrap();
        assert!(
            !principal.starts_with("system:") || operation.access() == Access::Public,
            "{action}: {entry}"
        );
        assert!(entry["event_id"].is_string(), "{action}: {entry}");
        assert!(entry["actor"]["id"].is_string(), "{action}: {entry}");
    }
}

#[tokio::test]
#[should_panic(expected = "did not happen within")]
async fn a_change_that_leaves_nothing_is_found() {
    let tenant = shared().await.tenant().await;
    entry_of(&tenant.auditor, "custody.never.happened", "POST /nowhere").await;
}
