//! `GET /metrics`: the Prometheus text format. No metric has a label that names a tenant.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use crate::{App, problem::Problem};

const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let recorder = app.metrics.as_ref().ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], recorder.render()).into_response())
}
