//! What the server says when it refuses: RFC 9457 problems, for people.

use std::{fmt, time::Duration};

use serde::Deserialize;

use crate::text::{shown, shown_lines};

/// So many are told.
const REFUSALS_MAX: usize = 10;

/// An answer that is no success.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: Option<String>,
    pub request_id: Option<String>,
    pub quarantine_id: Option<String>,
    pub errors: Vec<ProblemError>,
    /// Of a file in which nothing could be taken: what was wrong with what is in it.
    pub report: Option<Report>,
    /// From the `Retry-After` header.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// Of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Report {
    pub refusals: Vec<Refusal>,
    pub broken: Option<Refusal>,
}

/// What was not taken, from 0, and its line, from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Refusal {
    pub index: u64,
    pub line: u64,
    pub pointer: Option<String>,
    pub reason: String,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ProblemError {
    /// A JSON pointer into the body.
    pub pointer: Option<String>,
    /// The name of a query parameter.
    pub parameter: Option<String>,
    /// Where in the body (bytes) or in the query (characters) reading stopped, from 0.
    pub offset: Option<usize>,
    pub detail: String,
    pub hint: Option<String>,
}

impl Report {
    /// Each in a line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let refusals = self.refusals.iter().map(|Refusal { index, line, pointer, reason }| {
            let pointer = shown(pointer.as_deref().unwrap_or_default());
            format!("finding {index} (line {line}): {pointer} {}", shown(reason))
        });
        refusals.chain(self.broken.iter().map(|Refusal { index, line, reason, .. }| {
            format!("read no further at finding {index}, line {line}: {}", shown(reason))
        }))
    }
}

impl Problem {
    /// Reads the body of an answer; one that is no problem document (a proxy's page) is quoted.
    pub fn read(status: u16, reason: &str, body: &[u8]) -> Self {
        if let Ok(mut problem) = serde_json::from_slice::<Self>(body)
            && !problem.title.is_empty()
        {
            problem.status = status;
            return problem;
        }
        let quoted: String = String::from_utf8_lossy(body).chars().take(200).collect();
        let quoted = quoted.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            title: format!("the server answered {status} {reason}").trim_end().to_owned(),
            status,
            detail: (!quoted.is_empty()).then_some(quoted),
            ..Self::default()
        }
    }

    /// The error in the query (parameter `q`), if that is the problem.
    pub fn in_query(&self) -> Option<&ProblemError> {
        self.errors.iter().find(|e| e.parameter.as_deref() == Some("q") && e.offset.is_some())
    }

    /// Whether the same request may succeed in a while.
    pub fn is_temporary(&self) -> bool {
        matches!(self.status, 429 | 502 | 503 | 504)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.title))?;
        if let Some(detail) = self.detail.as_deref().filter(|d| d.trim_end_matches('.') != self.title) {
            write!(f, ": {}", shown_lines(detail))?;
        }
        for line in self.report.iter().flat_map(Report::lines).take(REFUSALS_MAX) {
            write!(f, "\n  {line}")?;
        }
        for error in &self.errors {
            let place = error.pointer.as_deref().or(error.parameter.as_deref()).unwrap_or_default();
            let separator = if place.is_empty() { "" } else { ": " };
            write!(f, "\n  {}{separator}{}", shown(place), shown(&error.detail))?;
            if let Some(hint) = &error.hint {
                write!(f, " ({})", shown(hint))?;
            }
        }
        if let Some(id) = &self.quarantine_id {
            write!(f, "\n  kept in quarantine as {}", shown(id))?;
        }
        if let Some(id) = &self.request_id {
            write!(f, "\n  (request {})", shown(id))?;
        }
        if self.status == 401 {
            write!(
                f,
                "\n  set CUSTODY_TOKEN or --token to an API key, or to what `custody token issue` prints"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_taken_of_a_file_is_told() {
        let body = br#"{"title": "It cannot be taken", "report": {"kept": 0, "refusals": [
            {"index": 0, "line": 1, "byte": 1, "pointer": "/metadata", "reason": "is missing"}],
            "broken": {"index": 1, "line": 7, "byte": 9, "reason": "ends early"}}}"#;
        let told = Problem::read(422, "Unprocessable Entity", body).to_string();
        assert!(told.contains("\n  finding 0 (line 1): /metadata is missing\n"), "{told}");
        assert!(told.contains("\n  read no further at finding 1, line 7: ends early"), "{told}");
    }

    #[test]
    fn a_problem_says_what_where_and_which_request() {
        let body = br#"{"type":"about:blank","title":"Invalid entry","status":422,"detail":"2 errors","request_id":"r1",
            "quarantine_id":"q7","errors":[{"pointer":"/actor/id","detail":"is required"},{"detail":"too late"}]}"#;
        let problem = Problem::read(422, "Unprocessable Content", body);
        assert_eq!(
            problem.to_string(),
            "Invalid entry: 2 errors\n  /actor/id: is required\n  too late\n  kept in quarantine as q7\n  (request r1)"
        );
        assert!(!problem.is_temporary());
    }

    #[test]
    fn a_page_of_a_proxy_is_quoted_short() {
        let problem = Problem::read(502, "Bad Gateway", b"<html>\n  <h1>Bad\x1b[31m</h1>");
        assert_eq!(
            problem.to_string(),
            "the server answered 502 Bad Gateway: <html> <h1>Bad\\u{1b}[31m</h1>"
        );
        assert!(problem.is_temporary());
    }

    #[test]
    fn an_error_in_the_query_is_told_from_one_in_a_body() {
        let query = Problem::read(
            400,
            "",
            br#"{"title":"t","errors":[{"parameter":"q","detail":"d","offset":3,"hint":"h"}]}"#,
        );
        assert_eq!(query.in_query().map(|e| (e.offset, e.hint.as_deref())), Some((Some(3), Some("h"))));
        let body =
            Problem::read(400, "", br#"{"title":"t","errors":[{"pointer":"","detail":"d","offset":3}]}"#);
        assert_eq!(body.in_query(), None);
    }
}
