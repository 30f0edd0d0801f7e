//! Who brought an entry in: set by the server from the credential, never by the sender.

use std::net::IpAddr;

use custody_auth::Scope;
use custody_domain::json::{Object, Value};
use custody_store::audit_outbox;
use uuid::Uuid;

/// An entry's `recorded_by`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordedBy {
    pub(crate) principal: String,
    pub(crate) credential_id: Option<Uuid>,
    pub(crate) via: String,
    pub(crate) peer_ip: Option<IpAddr>,
}

impl RecordedBy {
    pub(crate) fn of(scope: &Scope) -> Self {
        Self {
            principal: scope.principal().to_string(),
            credential_id: scope.credential_id(),
            via: scope.via().to_owned(),
            peer_ip: scope.peer_ip(),
        }
    }

    pub(crate) fn to_value(&self) -> Value<'static> {
        let mut object = Object::new();
        object.insert("principal", Value::from(self.principal.clone()));
        if let Some(id) = self.credential_id {
            object.insert("credential_id", Value::from(id.to_string()));
        }
        object.insert("via", Value::from(self.via.clone()));
        if let Some(ip) = self.peer_ip {
            object.insert("peer_ip", Value::from(ip.to_canonical().to_string()));
        }
        Value::Object(object)
    }
}

/// Our own changes say who made them, not who carried them into the log.
impl From<audit_outbox::RecordedBy> for RecordedBy {
    fn from(row: audit_outbox::RecordedBy) -> Self {
        let audit_outbox::RecordedBy { principal, credential_id, via, peer_ip } = row;
        Self { principal, credential_id, via, peer_ip }
    }
}
