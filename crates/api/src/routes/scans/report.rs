//! `GET /api/v1/scans/{id}/report`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_domain::ScanId;
use custody_objects::media::content_disposition;
use custody_scans::report::{self, Report};
use custody_store::scans;
use http::{HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    App, Permit,
    app::WritesPdf,
    extract::{Id, Parameters},
    middleware::header_value,
    problem::{Problem, ProblemBody},
};

/// The page brings its own style, and asks for nothing.
const CSP: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportParameters {
    /// `md` (the default), `html`, `pdf`, `json`.
    format: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Markdown,
    Html,
    Pdf,
    Json,
}

impl Form {
    fn of(name: Option<&str>) -> Result<Self, Problem> {
        match name {
            None | Some("md") => Ok(Self::Markdown),
            Some("html") => Ok(Self::Html),
            Some("pdf") => Ok(Self::Pdf),
            Some("json") => Ok(Self::Json),
            Some(_) => Err(Problem::bad_parameter("format", "must be one of md, html, pdf, json")),
        }
    }

    /// The ending of a file's name, and the media type.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Markdown => ("md", "text/markdown; charset=utf-8"),
            Self::Html => ("html", "text/html; charset=utf-8"),
            Self::Pdf => ("pdf", "application/pdf"),
            Self::Json => ("json", "application/json"),
        }
    }

    /// Long work: for a thread that may block.
    fn write(self, report: &Report, pdf: WritesPdf) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Markdown => Ok(report::markdown(report).into_bytes()),
            Self::Html => Ok(report::html(report)?.into_bytes()),
            Self::Json => serde_json::to_vec(report).map_err(Problem::internal),
            Self::Pdf => {
                let data = report::data(report).and_then(|data| serde_json::to_vec(&data));
                let written = pdf(report::LAYOUT, data.map_err(Problem::internal)?);
                written.map_err(|error| Problem::internal(std::io::Error::other(error)))
            }
        }
    }
}

/// Get a scan's report
///
/// For people: what failed, what it means and what to do about it, what was looked at and what was not, and
/// how it was before. Of each grave check the first 20 resources are named. A scan that has not ended is told
/// as it is. 429 with `Retry-After` where two reports or exports of the tenant are made at once.
#[utoipa::path(
    get, path = "/api/v1/scans/{id}/report", operation_id = "getScanReport", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan."), ReportParameters),
    responses(
        (status = 200, description = "The report: Markdown, one page of HTML that asks for nothing from elsewhere, PDF, or JSON.",
            content((String = "text/markdown"), (String = "text/html"), (Vec<u8> = "application/pdf"), (Object = "application/json")),
            headers(("Content-Disposition" = Option<String>, description = "Of a PDF: `attachment`, with a name."))),
        (status = 429, description = "As many of the tenant are made as may be.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_scan_report(
    permit: Permit<op::GetScanReport>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
    Parameters(parameters): Parameters<ReportParameters>,
) -> Result<Response, Problem> {
    let form = Form::of(parameters.format.as_deref())?;
    let (ending, media) = form.names();
    let place = app.edge.exports.begin(permit.tenant())?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    scans::reported(&mut tx, &permit, id, ending).await?;
    tx.commit().await?;
    let report = app.scans.report(&permit, id, app.now()).await?;
    let pdf = app.pdf;
    let written = tokio::task::spawn_blocking(move || {
        // For as long as it takes, whether somebody still waits for it or not.
        let _place = place;
        form.write(&report, pdf)
    });
    let written = written.await.map_err(Problem::internal)??;
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(media))], written).into_response();
    match form {
        Form::Html => {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CSP);
        }
        Form::Pdf => {
            let name = content_disposition(&format!("scan-{id}.{ending}"));
            response.headers_mut().insert(header::CONTENT_DISPOSITION, header_value(&name));
        }
        Form::Markdown | Form::Json => {}
    }
    Ok(response)
}
