//! The filter parameters of the API, as the same syntax tree.

use super::{
    AddressField, Clause, Comparison, Field, Instant, Keyword, Query, SyntaxError, TimeField,
    lexer::{Bare, Given},
    parse,
    parse::within_bounds,
    term,
};

/// What a request may filter by, each as it was sent. All that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters<'a> {
    /// The query language.
    pub q: Option<&'a str>,
    /// The actor's id or name.
    pub actor: Option<&'a str>,
    /// The one parameter in which `*` stands for any characters: `iam.*`.
    pub action: Option<&'a str>,
    pub resource_type: Option<&'a str>,
    pub resource_id: Option<&'a str>,
    /// `ERROR`, or with an order `>=ERROR`.
    pub severity: Option<&'a str>,
    pub outcome: Option<&'a str>,
    /// An address or a CIDR network.
    pub ip: Option<&'a str>,
    pub session_id: Option<&'a str>,
    pub request_id: Option<&'a str>,
    /// Occurred (where that is absent: received) then or later. RFC 3339 with offset, or a date.
    pub from: Option<&'a str>,
    /// … and before then.
    pub to: Option<&'a str>,
    /// Received then or later.
    pub received_from: Option<&'a str>,
    /// … and before then.
    pub received_to: Option<&'a str>,
}

/// Why the filters are no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("q: {0}")]
    Syntax(#[from] SyntaxError),
    #[error("{parameter}: {detail}")]
    Parameter { parameter: &'static str, detail: String, hint: String },
    /// Each is a filter, and all of them are more than one query may be.
    #[error("the filters together: {detail}")]
    Together { detail: String, hint: String },
}

impl Filters<'_> {
    /// One query of all of them; of none, every entry.
    pub fn to_query(&self) -> Result<Query, FilterError> {
        let mut all = vec![parse(self.q.unwrap_or_default())?];
        let fields = [
            ("actor", Field::Keyword(Keyword::Actor), self.actor),
            ("action", Field::Keyword(Keyword::Action), self.action),
            ("resource_type", Field::Keyword(Keyword::ResourceType), self.resource_type),
            ("resource_id", Field::Keyword(Keyword::ResourceId), self.resource_id),
            ("severity", Field::Severity, self.severity),
            ("outcome", Field::Outcome, self.outcome),
            ("ip", Field::Address(AddressField::Ip), self.ip),
            ("session_id", Field::Keyword(Keyword::SessionId), self.session_id),
            ("request_id", Field::Keyword(Keyword::RequestId), self.request_id),
        ];
        for (parameter, field, value) in fields {
            if let Some(value) = value {
                all.push(filter(parameter, &field, value)?);
            }
        }
        let times = [
            ("from", TimeField::Time, Comparison::AtLeast, self.from),
            ("to", TimeField::Time, Comparison::Less, self.to),
            ("received_from", TimeField::ReceivedAt, Comparison::AtLeast, self.received_from),
            ("received_to", TimeField::ReceivedAt, Comparison::Less, self.received_to),
        ];
        for (parameter, field, comparison, value) in times {
            if let Some(value) = value {
                let instant = instant(parameter, value)?;
                all.push(Clause::Time { field, comparison, instant }.into());
            }
        }
        let query = Query::and(all);
        within_bounds(&query)
            .map_err(|beyond| FilterError::Together { detail: beyond.detail, hint: beyond.hint })?;
        Ok(query)
    }
}

fn filter(parameter: &'static str, field: &Field, value: &str) -> Result<Query, FilterError> {
    let (comparison, value) = match field {
        Field::Severity => Comparison::leading(value),
        _ => (Comparison::Equal, value),
    };
    let given = if matches!(field, Field::Keyword(Keyword::Action)) {
        Given::Bare(Bare(value.split('*').map(str::to_owned).collect()))
    } else {
        Given::Quoted(value.to_owned())
    };
    term::term(field, comparison, &given).map_err(|refusal| FilterError::Parameter {
        parameter,
        detail: refusal.detail,
        hint: refusal.hint,
    })
}

fn instant(parameter: &'static str, value: &str) -> Result<Instant, FilterError> {
    Instant::parse_date(value).or_else(|| Instant::parse(value)).ok_or_else(|| FilterError::Parameter {
        parameter,
        detail: "this is no time with its offset, and no date".into(),
        hint: if value.contains(' ') {
            "a `+` in a URL is written `%2B`: `2026-03-01T12:00:00%2B02:00`".into()
        } else {
            "for example `2026-03-01T12:00:00Z` or `2026-03-01`".into()
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    fn text(filters: &Filters<'_>) -> String {
        filters.to_query().unwrap().render()
    }

    #[test]
    fn each_parameter_is_the_term_that_one_would_write() {
        let filters = Filters {
            q: Some("denied OR refused"),
            actor: Some("Alice \"A\" *"),
            action: Some("iam.*"),
            resource_type: Some("bucket"),
            resource_id: Some("arn:aws:s3:::b"),
            severity: Some(">=ERROR"),
            outcome: Some("failure"),
            ip: Some("10.0.0.0/8"),
            session_id: Some("s1"),
            request_id: Some("r1"),
            from: Some("2026-03-01T12:00:00+02:00"),
            to: Some("2026-03-02"),
            received_from: Some("2026-03-01"),
            received_to: Some("2026-03-03"),
        };
        assert_eq!(
            text(&filters),
            r#"(denied OR refused) actor:"Alice \"A\" *" action:iam.* resource.type:bucket resource.id:arn:aws:s3:::b severity>=ERROR outcome:failure ip:10.0.0.0/8 session_id:s1 request_id:r1 time>=2026-03-01T10:00:00Z time<2026-03-02T00:00:00Z received_at>=2026-03-01T00:00:00Z received_at<2026-03-03T00:00:00Z"#,
        );
        assert_eq!(parse(&text(&filters)).unwrap(), filters.to_query().unwrap());
    }

    #[test]
    fn no_parameter_is_every_entry() {
        assert_eq!(Filters::default().to_query().unwrap(), Query::All);
    }

    /// A query is kept in its one form, and has to be read again from it.
    #[test]
    fn filters_beyond_the_bounds_of_a_query_are_refused_with_the_bound() {
        let (long, deep) = ("x".repeat(9_000), format!("{}a{}", "-(b OR ".repeat(15), ")".repeat(15)));
        let terms = "a ".repeat(super::super::CLAUSES_MAX);
        for (filters, bound) in [
            (Filters { actor: Some(&long), ..Filters::default() }, "longer than 8192 bytes"),
            (Filters { q: Some(&terms), actor: Some("u"), ..Filters::default() }, "more than 256 clauses"),
        ] {
            let error = filters.to_query().unwrap_err().to_string();
            assert!(error.starts_with("the filters together: ") && error.contains(bound), "{error}");
        }
        Filters { q: Some(&deep), actor: Some("u"), ..Filters::default() }.to_query().unwrap();
    }

    #[test]
    fn a_wrong_value_names_its_parameter() {
        for (filters, expected) in [
            (Filters { severity: Some("HIGH"), ..Filters::default() }, "severity: there is no such severity"),
            (Filters { ip: Some("10.0.0.*"), ..Filters::default() }, "ip: this is no address and no network"),
            (
                Filters { from: Some("2026-03-01T12:00:00 02:00"), ..Filters::default() },
                "from: this is no time with its offset, and no date",
            ),
            (Filters { q: Some("(a"), ..Filters::default() }, "q: this `(` is not closed (at character 0)"),
        ] {
            assert_eq!(filters.to_query().unwrap_err().to_string(), expected);
        }
    }
}
