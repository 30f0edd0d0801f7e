//! What the columns of a table can know of a query.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Clause, Flag, IdField, Query, TextField, Word};
use crate::{
    finding::{Delta, Evidence, Finding, FindingSeverity, FindingStatus, TriageState},
    query::{EXACT_BYTES_MAX, Pattern},
};

/// The values that a field can have; none where it can have any.
pub type OneOf<T> = Option<BTreeSet<T>>;

macro_rules! narrow {
    ($($(#[$doc:meta])* $field:ident: $of:ty,)*) => {
        /// Values outside of which nothing matches: wider than the query, or the same, never narrower.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Narrow {
            $($(#[$doc])* pub $field: OneOf<$of>,)*
        }

        impl Narrow {
            /// What both admit, of fields that have one value.
            fn meet_each(self, other: Self) -> Self {
                Self { $($field: meet(self.$field, other.$field),)* }
            }

            /// What either admits.
            fn join(self, other: Self) -> Self {
                Self { $($field: join(self.$field, other.$field),)* }
            }
        }
    };
}

narrow! {
    id: Uuid,
    scan: Uuid,
    status: FindingStatus,
    severity: FindingSeverity,
    evidence: Evidence,
    delta: Delta,
    triage: TriageState,
    muted: bool,
    current: bool,
    check: String,
    service: String,
    provider: String,
    region: String,
    account: String,
    /// Its uid or its name.
    resource: String,
    resource_uid: String,
    resource_name: String,
    resource_type: String,
}

fn meet<T: Ord>(one: OneOf<T>, other: OneOf<T>) -> OneOf<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.into_iter().filter(|value| other.contains(value)).collect()),
        (one, other) => one.or(other),
    }
}

fn join<T: Ord>(one: OneOf<T>, other: OneOf<T>) -> OneOf<T> {
    let (mut one, other) = (one?, other?);
    one.extend(other);
    Some(one)
}

fn only<T: Ord>(value: T) -> BTreeSet<T> {
    BTreeSet::from([value])
}

fn others<T: Ord + Copy>(all: &[T], but: T) -> BTreeSet<T> {
    all.iter().copied().filter(|value| *value != but).collect()
}

impl Narrow {
    /// What both admit. A resource may have one's value for its uid and the other's for its name.
    fn meet(self, other: Self) -> Self {
        let resource = self.resource.clone().or_else(|| other.resource.clone());
        Self { resource, ..self.meet_each(other) }
    }

    pub fn of(query: &Query) -> Self {
        match query {
            Query::All => Self::default(),
            Query::And(several) => several.iter().map(Self::of).fold(Self::default(), Self::meet),
            Query::Or(several) => several.iter().map(Self::of).reduce(Self::join).unwrap_or_default(),
            Query::Clause(clause) => Self::clause(clause),
            Query::Not(inner) => match &**inner {
                Query::Not(twice) => Self::of(twice),
                Query::Clause(clause) => Self::opposite(clause),
                _ => Self::default(),
            },
        }
    }

    fn clause(clause: &Clause) -> Self {
        let mut narrow = Self::default();
        match clause {
            Clause::Is { field, pattern: Pattern::Literal(text) } => narrow.is(*field, text),
            Clause::Word(Word::Status(status)) => narrow.status = Some(only(*status)),
            Clause::Word(Word::Evidence(evidence)) => narrow.evidence = Some(only(*evidence)),
            Clause::Word(Word::Delta(delta)) => narrow.delta = Some(only(*delta)),
            Clause::Word(Word::Triage(state)) => narrow.triage = Some(only(*state)),
            Clause::Severity { comparison, severity } => {
                let all = FindingSeverity::ALL.iter().copied();
                narrow.severity = Some(all.filter(|s| comparison.holds(s, severity)).collect());
            }
            Clause::Flag { field: Flag::Muted, value } => narrow.muted = Some(only(*value)),
            Clause::Flag { field: Flag::Current, value } => narrow.current = Some(only(*value)),
            Clause::Id { field: IdField::Id, id } => narrow.id = Some(only(*id)),
            Clause::Id { field: IdField::Scan, id } => narrow.scan = Some(only(*id)),
            _ => {}
        }
        narrow
    }

    fn is(&mut self, field: TextField, text: &str) {
        // A longer one is no value of anything, which the query itself says.
        if text.len() > EXACT_BYTES_MAX {
            return;
        }
        let of = match field {
            TextField::Check => &mut self.check,
            TextField::Service => &mut self.service,
            TextField::Provider => &mut self.provider,
            TextField::Region => &mut self.region,
            TextField::Account => &mut self.account,
            TextField::Resource => &mut self.resource,
            TextField::ResourceUid => &mut self.resource_uid,
            TextField::ResourceName => &mut self.resource_name,
            TextField::ResourceType => &mut self.resource_type,
            TextField::Uid | TextField::Owner | TextField::Category | TextField::Framework => return,
        };
        *of = Some(only(text.to_owned()));
    }

    /// Of fields whose values are few.
    fn opposite(clause: &Clause) -> Self {
        let mut narrow = Self::default();
        match clause {
            Clause::Word(Word::Status(status)) => narrow.status = Some(others(FindingStatus::ALL, *status)),
            Clause::Word(Word::Evidence(evidence)) => {
                narrow.evidence = Some(others(Evidence::ALL, *evidence));
            }
            Clause::Word(Word::Delta(delta)) => narrow.delta = Some(others(Delta::ALL, *delta)),
            Clause::Word(Word::Triage(state)) => narrow.triage = Some(others(TriageState::ALL, *state)),
            Clause::Severity { comparison, severity } => {
                let all = FindingSeverity::ALL.iter().copied();
                narrow.severity = Some(all.filter(|s| !comparison.holds(s, severity)).collect());
            }
            Clause::Flag { field, value } => {
                return Self::clause(&Clause::Flag { field: *field, value: !value });
            }
            _ => {}
        }
        narrow
    }

    /// Whether a finding's columns are among these. Every finding that the query matches is admitted.
    pub fn admits(&self, finding: &Finding<'_>) -> bool {
        let Finding { resource, .. } = finding;
        let text = |of: &OneOf<String>, text: &str| of.as_ref().is_none_or(|values| values.contains(text));
        among(self.id.as_ref(), &finding.id.0)
            && among(self.scan.as_ref(), &finding.scan.0)
            && among(self.status.as_ref(), &finding.status)
            && among(self.severity.as_ref(), &finding.severity)
            && among(self.evidence.as_ref(), &finding.evidence)
            && among(self.delta.as_ref(), &finding.delta)
            && among(self.triage.as_ref(), &finding.triage)
            && among(self.muted.as_ref(), &finding.muted)
            && among(self.current.as_ref(), &finding.current)
            && text(&self.check, &finding.check)
            && text(&self.service, &finding.service)
            && text(&self.provider, &finding.provider)
            && text(&self.region, &finding.region)
            && text(&self.account, &finding.account)
            && (text(&self.resource, &resource.uid) || text(&self.resource, &resource.name))
            && text(&self.resource_uid, &resource.uid)
            && text(&self.resource_name, &resource.name)
            && text(&self.resource_type, &resource.kind)
    }
}

fn among<T: Ord>(of: Option<&BTreeSet<T>>, value: &T) -> bool {
    of.is_none_or(|values| values.contains(value))
}
