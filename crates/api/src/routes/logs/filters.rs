//! What entries are asked for by, wherever they are asked for.

use custody_domain::query::{FilterError, Filters, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::{Fault, Kind, Problem};

/// All filters that are given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilterParameters {
    /// The query language (docs/query.md): `actor:alice action:iam.* severity>=ERROR "access denied"`.
    q: Option<String>,
    /// The actor's id or name.
    actor: Option<String>,
    /// `*` stands for any characters: `iam.*`.
    action: Option<String>,
    resource_type: Option<String>,
    resource_id: Option<String>,
    /// `ERROR`, or from there on: `>=ERROR`.
    severity: Option<String>,
    outcome: Option<String>,
    /// An address, or a network (`10.0.0.0/8`).
    ip: Option<String>,
    session_id: Option<String>,
    request_id: Option<String>,
    /// Occurred (or received, where it does not say) at that time or later. RFC 3339, or a date.
    from: Option<String>,
    /// … and before that time.
    to: Option<String>,
    /// Received at that time or later.
    received_from: Option<String>,
    /// … and before that time.
    received_to: Option<String>,
}

impl FilterParameters {
    pub(crate) fn query(&self) -> Result<Query, Problem> {
        let filters = Filters {
            q: self.q.as_deref(),
            actor: self.actor.as_deref(),
            action: self.action.as_deref(),
            resource_type: self.resource_type.as_deref(),
            resource_id: self.resource_id.as_deref(),
            severity: self.severity.as_deref(),
            outcome: self.outcome.as_deref(),
            ip: self.ip.as_deref(),
            session_id: self.session_id.as_deref(),
            request_id: self.request_id.as_deref(),
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            received_from: self.received_from.as_deref(),
            received_to: self.received_to.as_deref(),
        };
        filters.to_query().map_err(refused)
    }
}

pub(crate) fn refused(error: FilterError) -> Problem {
    match error {
        FilterError::Syntax(error) => Problem::new(Kind::BadQuery, "`q` cannot be read.").fault(Fault {
            offset: Some(error.position),
            hint: Some(error.hint),
            ..Fault::parameter("q", error.detail)
        }),
        FilterError::Together { detail, hint } => {
            Problem::new(Kind::BadQuery, "The filters are more than one query may be.")
                .fault(Fault { hint: Some(hint), ..Fault::parameter("q", detail) })
        }
        FilterError::Parameter { parameter, detail, hint } => {
            Problem::new(Kind::BadParameters, "A query parameter cannot be used.")
                .fault(Fault { hint: Some(hint), ..Fault::parameter(parameter, detail) })
        }
    }
}
