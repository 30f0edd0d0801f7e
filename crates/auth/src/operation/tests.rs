//! What must hold of the table, whatever is added to it.

use std::collections::BTreeSet;

use super::*;

fn may(role: Role) -> BTreeSet<&'static str> {
    let open = |operation: &&Operation| operation.roles().contains(&role);
    Operation::ALL.iter().filter(open).map(|operation| operation.id()).collect()
}

#[test]
fn ids_and_routes_are_unique() {
    let ids: BTreeSet<_> = Operation::ALL.iter().map(|o| o.id()).collect();
    let routes: BTreeSet<_> = Operation::ALL.iter().map(|o| o.route()).collect();
    assert_eq!((ids.len(), routes.len()), (Operation::ALL.len(), Operation::ALL.len()));
    for operation in Operation::ALL {
        assert_eq!(Operation::from_id(operation.id()), Some(*operation));
    }
}

#[test]
fn what_changes_something_leaves_a_trail_and_what_reads_does_not_claim_one() {
    for operation in Operation::ALL {
        // What was sealed is not read without one, nor is what leaves in one piece.
        let opens = matches!(
            operation,
            Operation::GetQuarantinedContent
                | Operation::ExportEntries
                | Operation::ExportScan
                | Operation::GetScanReport
        );
        let reads = operation.route().starts_with("GET ") && !opens;
        assert_eq!(matches!(operation.trail(), Read | Told(_)), reads, "{operation:?}");
        match operation.trail() {
            Entry(action) => assert!(action.starts_with("custody."), "{operation:?}: {action}"),
            Told(action) => assert!(action.starts_with(TOLD), "{operation:?}: {action}"),
            Itself | Read => {}
        }
    }
}

#[test]
fn only_what_checks_a_secret_of_its_own_or_shows_public_keys_is_public() {
    // getFile: the address of a file is the secret, sealed and good for minutes.
    let public = Operation::ALL.iter().filter(|o| o.access() == Public).map(|o| o.id());
    assert_eq!(
        public.collect::<BTreeSet<_>>(),
        BTreeSet::from(["acceptInvitation", "getFile", "getSigningKeys", "login", "refreshToken"])
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "lists, written out")]
fn each_role_may_do_what_its_description_says() {
    let everybody: BTreeSet<_> =
        Operation::ALL.iter().filter(|o| o.access() == Authenticated).map(|o| o.id()).collect();
    let own = |role| may(role).difference(&everybody).copied().collect::<BTreeSet<_>>();
    assert_eq!(own(Writer), BTreeSet::from(["createEntry", "createEntries"]));
    assert_eq!(
        own(User),
        BTreeSet::from([
            "createEntry",
            "createEntries",
            "followEntries",
            "listEntries",
            "getEntryStats",
            "exportEntries",
            "getRelatedEntries",
            "getEntry",
            "getProof",
            "getLogKey",
            "listLogKeys"
        ])
    );
    // The reserved tenant's own log, and tenants; no customer's data (an operator's credential is
    // good in the reserved tenant alone).
    assert_eq!(
        own(Operator),
        BTreeSet::from([
            "createTenant",
            "followEntries",
            "exportEntries",
            "createExport",
            "getEntry",
            "listEntries",
            "getEntryStats",
            "getRelatedEntries",
            "getProof",
            "getCheckpoint",
            "listCheckpoints",
            "getLogKey",
            "listLogKeys",
            "getTile",
            "getEntriesTile",
            "getConsistency",
            "streamEntries",
            "getWatermark",
            "listFollowers",
            "listProducers",
            "listSchedules",
            "listAnchors",
            "getAnchor",
            "listJobs",
            "getJob",
            "streamJob",
            "cancelJob",
            "retryJob",
            "listJobFiles",
            "getJobFile",
            "linkJobFile",
            // Scans of their own.
            "getEntryFindings",
            "listScans",
            "getScan",
            "getScanStatus",
            "streamScan",
            "getScanLog",
            "exportScan",
            "getScanReport",
            "compareScans",
            "listScanChecks",
            "listFindings",
            "getFindingStats",
            "listRisks",
            "getFinding",
            "getFindingCauses",
            "listChecks",
            "getCheck",
            "listFrameworks",
            "getFramework",
            "getCompliance",
            "getFrameworkCompliance",
        ])
    );
    for operation in Operation::ALL {
        // Who hands out the address of a file, or has one written, reads it.
        let reads = matches!(
            operation,
            Operation::LinkJobFile
                | Operation::ExportEntries
                | Operation::CreateExport
                | Operation::ExportScan
                | Operation::GetScanReport
        );
        let changes = !matches!(operation.trail(), Read | Told(_)) && !reads;
        if let Roles(roles) = operation.access() {
            assert!(!roles.is_empty(), "{operation:?} is nobody's");
            assert!(!(changes && roles.contains(&Auditor)), "an auditor changes nothing: {operation:?}");
            // What a tenant has, its admin may do.
            assert!(roles.contains(&Admin) || roles == [Operator], "{operation:?}");
        }
    }
}
