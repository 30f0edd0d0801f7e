//! Who called: `userIdentity`
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>).

use custody_domain::json::{Object, Value};
use custody_store::quarantine::ItemError;

use super::{Record, arn, text};
use crate::format::Unmappable;

/// An entry's actor.
pub(super) struct Actor {
    id: String,
    kind: Option<String>,
    name: Option<String>,
}

impl Actor {
    /// As a sentence names it.
    pub(super) fn said(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| arn::last_part(&self.id))
    }

    pub(super) fn into_value<'a>(self) -> Value<'a> {
        let mut actor = Object::new();
        if let Some(kind) = self.kind {
            actor.insert("type", Value::from(kind));
        }
        actor.insert("id", Value::from(self.id));
        if let Some(name) = self.name {
            actor.insert("name", Value::from(name));
        }
        Value::Object(actor)
    }
}

/// `arn`, else `principalId`, else `invokedBy`; and for callers that have none of the three (people
/// of IAM Identity Center, sign-ins under unknown names, other accounts) `userName`, else
/// `onBehalfOf.userId`, else `accountId` (docs/adr/0010).
pub(super) fn actor(record: &Record<'_, '_>) -> Result<Actor, Unmappable> {
    let identity = record.identity();
    let member = |name: &str| identity.and_then(|identity| text(identity, name));
    let on_behalf_of = identity.and_then(|identity| identity.get("onBehalfOf")).and_then(Value::as_object);
    let id = ["arn", "principalId", "invokedBy", "userName"].into_iter().find_map(member);
    let id =
        id.or_else(|| on_behalf_of.and_then(|user| text(user, "userId"))).or_else(|| member("accountId"));
    let Some(id) = id else {
        return Err(Unmappable::Incomplete(vec![ItemError {
            pointer: "/userIdentity".to_owned(),
            detail: "must say who called: an arn, a principalId, an invokedBy, a userName or an accountId"
                .to_owned(),
        }]));
    };
    Ok(Actor {
        id: id.to_owned(),
        kind: member("type").map(str::to_owned),
        name: member("userName").map(str::to_owned),
    })
}

/// Temporary credentials (their ids begin with `ASIA`) belong to one session, so their id names it.
pub(super) fn session<'r>(record: &Record<'r, '_>) -> Option<&'r str> {
    let identity = record.event.get("userIdentity").and_then(Value::as_object)?;
    text(identity, "accessKeyId").filter(|key| key.starts_with("ASIA"))
}
