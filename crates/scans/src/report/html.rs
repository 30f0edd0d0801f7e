//! A report as one page of HTML: it asks for nothing from elsewhere, and runs nothing.

use minijinja::{AutoEscape, Environment, context, syntax::SyntaxConfig, value::Serde};

use super::{data::data, model::Report};
use crate::ScansError;

const TEMPLATE: &str = include_str!("report.html.jinja");

pub fn html(report: &Report) -> Result<String, ScansError> {
    let mut environment = Environment::new();
    // Every value is another's word.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(ScansError::defect)?);
    environment.add_filter("time", |at: String| at.replace('T', " ").replace('Z', " UTC"));
    environment.add_filter("words", |word: String| word.replace('_', " "));
    // A link leads to the web, or is none.
    environment.add_filter("is_web", |url: String| url.starts_with("https://") || url.starts_with("http://"));
    let data = Serde(data(report)?);
    environment
        .render_str(TEMPLATE, context! { r => minijinja::Value::from(data) })
        .map_err(ScansError::defect)
}
