//! The filter parameters of the API, as the same syntax tree.

use super::{Clause, Flag, IdField, Narrow, Query, TextField, WordField, fields::Field, parse, term::term};
use crate::query::{Comparison, FilterError, lexer::Given, parse::within_bounds};

/// What a request may filter by, each as it was sent. All that are given must hold. Of status, severity,
/// delta and triage there may be several, with commas between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filters<'a> {
    /// The query language.
    pub q: Option<&'a str>,
    pub status: Option<&'a str>,
    /// `critical,high`, or with an order `>=high`.
    pub severity: Option<&'a str>,
    pub service: Option<&'a str>,
    pub region: Option<&'a str>,
    pub check_id: Option<&'a str>,
    pub account: Option<&'a str>,
    /// Its uid or its name.
    pub resource: Option<&'a str>,
    pub delta: Option<&'a str>,
    pub triage: Option<&'a str>,
    pub muted: Option<&'a str>,
    pub scan_id: Option<&'a str>,
    /// Findings of all scans, also those that a later scan has looked at again.
    pub history: bool,
}

impl Filters<'_> {
    /// One query of all of them. Where it names no scan and does not say `current` itself, it is about the
    /// current findings.
    pub fn to_query(&self) -> Result<Query, FilterError> {
        let mut all = vec![parse(self.q.unwrap_or_default())?];
        let fields = [
            ("status", Field::Word(WordField::Status), self.status),
            ("severity", Field::Word(WordField::Severity), self.severity),
            ("service", Field::Text(TextField::Service), self.service),
            ("region", Field::Text(TextField::Region), self.region),
            ("check_id", Field::Text(TextField::Check), self.check_id),
            ("account", Field::Text(TextField::Account), self.account),
            ("resource", Field::Text(TextField::Resource), self.resource),
            ("delta", Field::Word(WordField::Delta), self.delta),
            ("triage", Field::Word(WordField::Triage), self.triage),
            ("muted", Field::Flag(Flag::Muted), self.muted),
            ("scan_id", Field::Id(IdField::Scan), self.scan_id),
        ];
        for (parameter, field, value) in fields {
            if let Some(value) = value {
                all.push(filter(parameter, field, value)?);
            }
        }
        let mut query = Query::and(all);
        let narrow = Narrow::of(&query);
        if !self.history && narrow.scan.is_none() && narrow.current.is_none() {
            query = Query::and([Clause::Flag { field: Flag::Current, value: true }.into(), query]);
        }
        within_bounds(&query)
            .map_err(|beyond| FilterError::Together { detail: beyond.detail, hint: beyond.hint })?;
        Ok(query)
    }
}

fn filter(parameter: &'static str, field: Field, value: &str) -> Result<Query, FilterError> {
    let one = |comparison, value: &str| {
        term(parameter, field, comparison, &Given::Quoted(value.to_owned())).map_err(|refusal| {
            FilterError::Parameter { parameter, detail: refusal.detail, hint: refusal.hint }
        })
    };
    match field {
        Field::Word(WordField::Severity) if value.starts_with(['<', '>']) => {
            let (comparison, value) = Comparison::leading(value);
            one(comparison, value)
        }
        Field::Word(_) => {
            let alternatives: Result<Vec<_>, _> =
                value.split(',').map(|value| one(Comparison::Equal, value.trim())).collect();
            Ok(Query::or(alternatives?))
        }
        _ => one(Comparison::Equal, value),
    }
}
