//! Who brought an entry in: set by the server from the credential, never by the sender.

use std::net::IpAddr;

use custody_auth::Scope;
use custody_domain::json::{Object, Value};
use custody_store::audit_outbox;
use uuid::Uuid;

/// An entry's `recorded_by`, in the texts that stand there: the same ones in all entries of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordedBy {
    principal: String,
    credential_id: Option<String>,
    via: String,
    peer_ip: Option<String>,
}

impl RecordedBy {
    pub(crate) fn new(
        principal: String,
        credential_id: Option<Uuid>,
        via: String,
        peer_ip: Option<IpAddr>,
    ) -> Self {
        Self {
            principal,
            credential_id: credential_id.map(|id| id.to_string()),
            via,
            peer_ip: peer_ip.map(|ip| ip.to_canonical().to_string()),
        }
    }

    pub(crate) fn of(scope: &Scope) -> Self {
        Self::new(
            scope.principal().to_string(),
            scope.credential_id(),
            scope.via().to_owned(),
            scope.peer_ip(),
        )
    }

    pub(crate) fn to_value(&self) -> Value<'_> {
        let mut object = Object::new();
        object.insert("principal", Value::from(self.principal.as_str()));
        if let Some(id) = &self.credential_id {
            object.insert("credential_id", Value::from(id.as_str()));
        }
        object.insert("via", Value::from(self.via.as_str()));
        if let Some(ip) = &self.peer_ip {
            object.insert("peer_ip", Value::from(ip.as_str()));
        }
        Value::Object(object)
    }
}

/// Our own changes say who made them, not who carried them into the log.
impl From<audit_outbox::RecordedBy> for RecordedBy {
    fn from(row: audit_outbox::RecordedBy) -> Self {
        let audit_outbox::RecordedBy { principal, credential_id, via, peer_ip } = row;
        Self::new(principal, credential_id, via, peer_ip)
    }
}
