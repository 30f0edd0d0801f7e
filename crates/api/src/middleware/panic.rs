//! A panic in a handler becomes a 500 and an error line.

use std::any::Any;

use axum::response::{IntoResponse as _, Response};

use crate::problem::Problem;

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(crate) fn answer(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    metrics::counter!("custody_http_panics_total").increment(1);
    Problem::internal(Panicked(text.unwrap_or_else(|| "without a message".to_owned()))).into_response()
}
