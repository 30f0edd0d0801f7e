//! The one table that says which role may do which operation. The API's documentation and the
//! coverage tests are made from it.

use crate::Role::{self, Admin, Auditor, Operator, User, Writer};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; the operation checks a secret of its own (a password, an invitation).
    Public,
    /// Anybody whose credential is good, whatever their role.
    Authenticated,
    /// These roles, in the tenant of the credential.
    Roles(&'static [Role]),
}

/// What the actions of entries that tell of reads begin with ([`Trail::Told`], and of exports).
pub const TOLD: &str = "custody.log.";

/// What an operation leaves in the tenant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trail {
    /// The entry with this action, written with the change.
    Entry(&'static str),
    /// It writes entries itself; those are the trail.
    Itself,
    /// A read of entries: within a second it is told in an entry with this action (docs/audit-of-reads.md).
    Told(&'static str),
    /// A read of anything else.
    Read,
}

macro_rules! operations {
    ($($name:ident = $id:literal $route:literal, $access:expr, $trail:expr;)*) => {
        /// Every operation of the API, by its OpenAPI `operationId`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation { $($name,)* }

        impl Operation {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The OpenAPI `operationId`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Method and path, as `recorded_by.via` says it.
            pub fn route(self) -> &'static str {
                match self { $(Self::$name => $route,)* }
            }

            pub fn access(self) -> Access {
                match self { $(Self::$name => $access,)* }
            }

            pub fn trail(self) -> Trail {
                match self { $(Self::$name => $trail,)* }
            }
        }

        /// One marker type an operation, so that a handler names in its signature what it needs.
        pub mod op {
            $(
                #[derive(Clone, Copy, Debug)]
                pub struct $name;
                impl super::Named for $name {
                    const OPERATION: super::Operation = super::Operation::$name;
                }
            )*
        }
    };
}

/// An operation as a type.
pub trait Named: Send + Sync + 'static {
    const OPERATION: Operation;
}

use Access::{Authenticated, Public, Roles};
use Trail::{Entry, Itself, Read, Told};

operations! {
    CreateEntry = "createEntry" "POST /api/v1/logs", Roles(&[Admin, User, Writer]), Itself;
    CreateEntries = "createEntries" "POST /api/v1/logs/bulk", Roles(&[Admin, User, Writer]), Itself;
    FollowEntries = "followEntries" "GET /api/v1/logs/stream", Roles(&[Admin, Auditor, User, Operator]), Told("custody.log.streamed");
    ListEntries = "listEntries" "GET /api/v1/logs", Roles(&[Admin, Auditor, User, Operator]), Told("custody.log.searched");
    GetEntryStats = "getEntryStats" "GET /api/v1/logs/stats", Roles(&[Admin, Auditor, User, Operator]), Told("custody.log.counted");
    ExportEntries = "exportEntries" "GET /api/v1/logs/export", Roles(&[Admin, Auditor, User, Operator]), Entry("custody.log.exported");
    CreateExport = "createExport" "POST /api/v1/logs/export", Roles(&[Admin, Auditor, Operator]), Entry("custody.log.exported");
    GetEntry = "getEntry" "GET /api/v1/logs/{id}", Roles(&[Admin, Auditor, User, Operator]), Told("custody.log.read");
    GetRelatedEntries = "getRelatedEntries" "GET /api/v1/logs/{id}/related", Roles(&[Admin, Auditor, User, Operator]), Told("custody.log.related");
    GetEntryFindings = "getEntryFindings" "GET /api/v1/logs/{id}/findings", Roles(&[Admin, Auditor, Operator]), Told("custody.log.traced");
    GetProof = "getProof" "GET /api/v1/logs/{id}/proof", Roles(&[Admin, Auditor, User, Operator]), Told("custody.log.proved");
    GetCheckpoint = "getCheckpoint" "GET /api/v1/log/checkpoint", Roles(&[Admin, Auditor, Operator]), Read;
    ListCheckpoints = "listCheckpoints" "GET /api/v1/log/checkpoints", Roles(&[Admin, Auditor, Operator]), Read;
    ListAnchors = "listAnchors" "GET /api/v1/log/anchors", Roles(&[Admin, Auditor, Operator]), Read;
    GetAnchor = "getAnchor" "GET /api/v1/log/anchors/{epoch}/{size}", Roles(&[Admin, Auditor, Operator]), Read;
    GetLogKey = "getLogKey" "GET /api/v1/log/key", Roles(&[Admin, Auditor, User, Operator]), Read;
    ListLogKeys = "listLogKeys" "GET /api/v1/log/keys", Roles(&[Admin, Auditor, User, Operator]), Read;
    GetTile = "getTile" "GET /api/v1/log/tile/{path}", Roles(&[Admin, Auditor, Operator]), Read;
    GetEntriesTile = "getEntriesTile" "GET /api/v1/log/tile/entries/{path}", Roles(&[Admin, Auditor, Operator]), Read;
    GetConsistency = "getConsistency" "GET /api/v1/log/consistency", Roles(&[Admin, Auditor, Operator]), Read;
    GetWatermark = "getWatermark" "GET /api/v1/log/watermark", Roles(&[Admin, Auditor, Operator]), Read;
    ListProducers = "listProducers" "GET /api/v1/producers", Roles(&[Admin, Auditor, Operator]), Read;
    ListFollowers = "listFollowers" "GET /api/v1/followers", Roles(&[Admin, Auditor, Operator]), Read;
    StreamEntries = "streamEntries" "GET /api/v1/log/entries", Roles(&[Admin, Auditor, Operator]), Told("custody.log.copied");

    ListScans = "listScans" "GET /api/v1/scans", Roles(&[Admin, Auditor, Operator]), Read;
    CreateScan = "createScan" "POST /api/v1/scans", Roles(&[Admin]), Entry("custody.scan.created");
    ImportScan = "importScan" "POST /api/v1/scans/import", Roles(&[Admin]), Entry("custody.scan.created");
    GetScan = "getScan" "GET /api/v1/scans/{id}", Roles(&[Admin, Auditor, Operator]), Read;
    UpdateScan = "updateScan" "PATCH /api/v1/scans/{id}", Roles(&[Admin]), Entry("custody.scan.updated");
    DeleteScan = "deleteScan" "DELETE /api/v1/scans/{id}", Roles(&[Admin]), Entry("custody.scan.deleted");
    GetScanStatus = "getScanStatus" "GET /api/v1/scans/{id}/status", Roles(&[Admin, Auditor, Operator]), Read;
    StreamScan = "streamScan" "GET /api/v1/scans/{id}/stream", Roles(&[Admin, Auditor, Operator]), Read;
    CancelScan = "cancelScan" "POST /api/v1/scans/{id}/cancel", Roles(&[Admin]), Entry("custody.job.cancelled");
    GetScanLog = "getScanLog" "GET /api/v1/scans/{id}/log", Roles(&[Admin, Auditor, Operator]), Read;
    ExportScan = "exportScan" "GET /api/v1/scans/{id}/export", Roles(&[Admin, Auditor, Operator]), Entry("custody.scan.exported");
    GetScanReport = "getScanReport" "GET /api/v1/scans/{id}/report", Roles(&[Admin, Auditor, Operator]), Entry("custody.scan.reported");
    CompareScans = "compareScans" "GET /api/v1/scans/{id}/compare", Roles(&[Admin, Auditor, Operator]), Read;
    ListScanChecks = "listScanChecks" "GET /api/v1/scans/{id}/checks", Roles(&[Admin, Auditor, Operator]), Read;

    ListFindings = "listFindings" "GET /api/v1/findings", Roles(&[Admin, Auditor, Operator]), Read;
    CreateFinding = "createFinding" "POST /api/v1/findings", Roles(&[Admin]), Entry("custody.finding.created");
    GetFindingStats = "getFindingStats" "GET /api/v1/findings/stats", Roles(&[Admin, Auditor, Operator]), Read;
    ListRisks = "listRisks" "GET /api/v1/findings/risks", Roles(&[Admin, Auditor, Operator]), Read;
    TriageFindings = "triageFindings" "POST /api/v1/findings/triage", Roles(&[Admin]), Entry("custody.finding.triaged");
    GetFinding = "getFinding" "GET /api/v1/findings/{id}", Roles(&[Admin, Auditor, Operator]), Read;
    GetFindingCauses = "getFindingCauses" "GET /api/v1/findings/{id}/causes", Roles(&[Admin, Auditor, Operator]), Told("custody.log.caused");
    TriageFinding = "triageFinding" "PATCH /api/v1/findings/{id}", Roles(&[Admin]), Entry("custody.finding.triaged");
    DeleteFinding = "deleteFinding" "DELETE /api/v1/findings/{id}", Roles(&[Admin]), Entry("custody.finding.deleted");

    ListProviders = "listProviders" "GET /api/v1/providers", Roles(&[Admin, Auditor]), Read;
    CreateProvider = "createProvider" "POST /api/v1/providers", Roles(&[Admin]), Entry("custody.provider.created");
    GetProvider = "getProvider" "GET /api/v1/providers/{id}", Roles(&[Admin, Auditor]), Read;
    UpdateProvider = "updateProvider" "PATCH /api/v1/providers/{id}", Roles(&[Admin]), Entry("custody.provider.updated");
    DeleteProvider = "deleteProvider" "DELETE /api/v1/providers/{id}", Roles(&[Admin]), Entry("custody.provider.deleted");

    ListChecks = "listChecks" "GET /api/v1/checks", Roles(&[Admin, Auditor, Operator]), Read;
    CreateCheck = "createCheck" "POST /api/v1/checks", Roles(&[Admin]), Entry("custody.check.created");
    GetCheck = "getCheck" "GET /api/v1/checks/{id}", Roles(&[Admin, Auditor, Operator]), Read;
    UpdateCheck = "updateCheck" "PATCH /api/v1/checks/{id}", Roles(&[Admin]), Entry("custody.check.updated");
    DeleteCheck = "deleteCheck" "DELETE /api/v1/checks/{id}", Roles(&[Admin]), Entry("custody.check.deleted");
    ListFrameworks = "listFrameworks" "GET /api/v1/frameworks", Roles(&[Admin, Auditor, Operator]), Read;
    GetFramework = "getFramework" "GET /api/v1/frameworks/{framework}", Roles(&[Admin, Auditor, Operator]), Read;
    GetCompliance = "getCompliance" "GET /api/v1/compliance", Roles(&[Admin, Auditor, Operator]), Read;
    GetFrameworkCompliance = "getFrameworkCompliance" "GET /api/v1/compliance/{framework}", Roles(&[Admin, Auditor, Operator]), Read;

    ListSchedules = "listSchedules" "GET /api/v1/schedules", Roles(&[Admin, Auditor, Operator]), Read;
    SetSchedule = "setSchedule" "PUT /api/v1/schedules/{name}", Roles(&[Admin]), Entry("custody.schedule.set");
    DeleteSchedule = "deleteSchedule" "DELETE /api/v1/schedules/{name}", Roles(&[Admin]), Entry("custody.schedule.deleted");

    ListQuarantine = "listQuarantine" "GET /api/v1/quarantine", Roles(&[Admin, Auditor]), Read;
    GetQuarantined = "getQuarantined" "GET /api/v1/quarantine/{id}", Roles(&[Admin, Auditor]), Read;
    GetQuarantinedContent = "getQuarantinedContent" "GET /api/v1/quarantine/{id}/content", Roles(&[Admin]), Entry("custody.quarantine.shown");
    ReplayQuarantined = "replayQuarantined" "POST /api/v1/quarantine/{id}/replay", Roles(&[Admin]), Entry("custody.quarantine.replayed");
    DropQuarantined = "dropQuarantined" "DELETE /api/v1/quarantine/{id}", Roles(&[Admin]), Entry("custody.quarantine.dropped");
    ReplayQuarantine = "replayQuarantine" "POST /api/v1/quarantine/replay", Roles(&[Admin]), Entry("custody.quarantine.replayed");
    DropQuarantine = "dropQuarantine" "POST /api/v1/quarantine/drop", Roles(&[Admin]), Entry("custody.quarantine.dropped");

    ListJobs = "listJobs" "GET /api/v1/jobs", Roles(&[Admin, Auditor, Operator]), Read;
    GetJob = "getJob" "GET /api/v1/jobs/{id}", Roles(&[Admin, Auditor, Operator]), Read;
    StreamJob = "streamJob" "GET /api/v1/jobs/{id}/stream", Roles(&[Admin, Auditor, Operator]), Read;
    CancelJob = "cancelJob" "POST /api/v1/jobs/{id}/cancel", Roles(&[Admin, Operator]), Entry("custody.job.cancelled");
    RetryJob = "retryJob" "POST /api/v1/jobs/{id}/retry", Roles(&[Admin, Operator]), Entry("custody.job.retried");
    ListJobFiles = "listJobFiles" "GET /api/v1/jobs/{id}/files", Roles(&[Admin, Auditor, Operator]), Read;
    GetJobFile = "getJobFile" "GET /api/v1/jobs/{id}/files/{name}", Roles(&[Admin, Auditor, Operator]), Read;
    LinkJobFile = "linkJobFile" "POST /api/v1/jobs/{id}/files/{name}/url", Roles(&[Admin, Auditor, Operator]), Entry("custody.job.file_linked");
    GetFile = "getFile" "GET /api/v1/files/{token}", Public, Read;

    GetMaskPolicy = "getMaskPolicy" "GET /api/v1/mask-policy", Roles(&[Admin, Auditor]), Read;
    SetMaskPolicy = "setMaskPolicy" "PUT /api/v1/mask-policy", Roles(&[Admin]), Entry("custody.mask_policy.updated");

    ListTenants = "listTenants" "GET /api/v1/tenants", Authenticated, Read;
    GetTenant = "getTenant" "GET /api/v1/tenants/{id}", Authenticated, Read;
    CreateTenant = "createTenant" "POST /api/v1/tenants", Roles(&[Operator]), Entry("custody.tenant.created");

    ListUsers = "listUsers" "GET /api/v1/users", Roles(&[Admin, Auditor]), Read;
    GetUser = "getUser" "GET /api/v1/users/{id}", Roles(&[Admin, Auditor]), Read;
    UpdateUser = "updateUser" "PATCH /api/v1/users/{id}", Roles(&[Admin]), Entry("custody.membership.updated");
    RemoveUser = "removeUser" "DELETE /api/v1/users/{id}", Roles(&[Admin]), Entry("custody.membership.removed");

    ListInvitations = "listInvitations" "GET /api/v1/invitations", Roles(&[Admin]), Read;
    CreateInvitation = "createInvitation" "POST /api/v1/invitations", Roles(&[Admin]), Entry("custody.invitation.created");
    RevokeInvitation = "revokeInvitation" "DELETE /api/v1/invitations/{id}", Roles(&[Admin]), Entry("custody.invitation.revoked");
    AcceptInvitation = "acceptInvitation" "POST /api/v1/auth/accept", Public, Entry("custody.invitation.accepted");

    ListApiKeys = "listApiKeys" "GET /api/v1/api-keys", Roles(&[Admin, Auditor]), Read;
    GetApiKey = "getApiKey" "GET /api/v1/api-keys/{id}", Roles(&[Admin, Auditor]), Read;
    CreateApiKey = "createApiKey" "POST /api/v1/api-keys", Roles(&[Admin]), Entry("custody.api_key.created");
    RevokeApiKey = "revokeApiKey" "DELETE /api/v1/api-keys/{id}", Roles(&[Admin]), Entry("custody.api_key.revoked");

    Login = "login" "POST /api/v1/auth/login", Public, Entry("custody.session.started");
    RefreshToken = "refreshToken" "POST /api/v1/auth/token", Public, Entry("custody.session.refreshed");
    Logout = "logout" "POST /api/v1/auth/logout", Authenticated, Entry("custody.session.ended");
    SetPassword = "setPassword" "POST /api/v1/auth/password", Authenticated, Entry("custody.user.password_changed");
    GetMe = "getMe" "GET /api/v1/auth/me", Authenticated, Read;
    CreateTicket = "createTicket" "POST /api/v1/auth/ticket", Authenticated, Entry("custody.ticket.created");
    GetSigningKeys = "getSigningKeys" "GET /.well-known/jwks.json", Public, Read;
}

impl Operation {
    /// The roles that may call it; empty where no credential is asked for.
    pub fn roles(self) -> &'static [Role] {
        match self.access() {
            Public => &[],
            Authenticated => &Role::ALL,
            Roles(roles) => roles,
        }
    }

    /// Whether it shows entries, or what is made of all of them, in a way that no query can be AND-ed
    /// with: who may read a part of the entries may not call it. Findings are no entries, and a query over
    /// entries gives no part of them: who is to see a part of what happened is not shown all that is wrong.
    pub fn takes_every_entry(self) -> bool {
        matches!(
            self,
            Self::GetEntriesTile
                | Self::GetWatermark
                | Self::StreamEntries
                | Self::ListProducers
                | Self::ListQuarantine
                | Self::GetQuarantined
                | Self::ListScans
                | Self::GetScan
                | Self::GetScanStatus
                | Self::StreamScan
                | Self::GetScanLog
                | Self::ExportScan
                | Self::GetScanReport
                | Self::CompareScans
                | Self::ListScanChecks
                | Self::ListFindings
                | Self::GetFindingStats
                | Self::GetFinding
                | Self::ListRisks
                | Self::GetCompliance
                | Self::GetFrameworkCompliance
        )
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|o| o.id() == id)
    }
}

#[cfg(test)]
mod tests;
