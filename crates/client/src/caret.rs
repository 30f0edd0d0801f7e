//! Shows where in a query the error is.

use console::measure_text_width;

use crate::{ClientError, problem::ProblemError, text::shown};

/// What a request with this query failed of; where the query itself is wrong, that, with its place.
pub(crate) fn explained(query: &str, error: impl Into<anyhow::Error>) -> anyhow::Error {
    let error = error.into();
    match error.downcast_ref::<ClientError>() {
        Some(ClientError::Problem(problem)) => match problem.in_query() {
            Some(in_query) => anyhow::anyhow!("{}", explain(query, in_query)),
            None => error,
        },
        _ => error,
    }
}

/// The error, the query, and a caret under the place:
///
/// ```text
/// the query cannot be read: expected a value after ":"
///   actor: action:x
///         ^ write actor:NAME
/// ```
fn explain(query: &str, error: &ProblemError) -> String {
    let before: String = query.chars().take(error.offset.unwrap_or_default()).collect();
    let indent = " ".repeat(measure_text_width(&shown(&before)));
    let hint = error.hint.as_deref().map(|hint| format!(" {}", shown(hint))).unwrap_or_default();
    let detail = shown(&error.detail);
    format!("the query cannot be read: {detail}\n  {}\n  {indent}^{hint}", shown(query))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(offset: usize) -> ProblemError {
        ProblemError {
            offset: Some(offset),
            detail: "expected a value".to_owned(),
            hint: Some("write actor:NAME".to_owned()),
            ..ProblemError::default()
        }
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        assert_eq!(
            explain("actor: x", &error(6)),
            "the query cannot be read: expected a value\n  actor: x\n        ^ write actor:NAME"
        );
        // Wide characters and a tab before it do not move it.
        let lines = explain("\"東\t\" x", &error(6));
        assert!(lines.ends_with("\n  \"東\\u{9}\" x\n             ^ write actor:NAME"), "{lines}");
        // An offset past the end stands at the end.
        assert!(explain("a", &error(9)).contains("\n   ^ "));
    }
}
