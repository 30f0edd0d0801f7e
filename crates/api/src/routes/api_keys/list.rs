//! `GET /api/v1/api-keys`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_store::api_keys;
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;

use super::shapes::ApiKeyBody;
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// Keys whose public part begins so: to find the one in a log or a leak. `cust_` may stand in
    /// front, and all of the key behind.
    prefix: Option<String>,
    /// Items of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List API keys
#[utoipa::path(
    get, path = "/api/v1/api-keys", operation_id = "listApiKeys", tag = "api keys",
    params(ListParameters),
    responses((status = 200, description = "A page of keys, oldest first.", body = Page<ApiKeyBody>))
)]
pub(crate) async fn list_api_keys(
    permit: Permit<op::ListApiKeys>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let ListParameters { prefix, limit, cursor } = parameters;
    let request = PageParameters { limit, cursor }.request()?;
    let page = api_keys::list(&app.store, &permit, prefix.as_deref().map(public_part), request).await?;
    Ok(Page::of(page, ApiKeyBody::from).answer(&uri))
}

/// Of a key or a part of one, what is public.
fn public_part(text: &str) -> &str {
    let text = text.strip_prefix("cust_").unwrap_or(text);
    text.split_once('_').map_or(text, |(prefix, _)| prefix)
}
