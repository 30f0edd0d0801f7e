//! Refuses query parameters that an operation does not have, for all operations at once: a filter that
//! is misspelt and ignored would answer with more than was asked for.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::Method;
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, Parameter, ParameterIn},
};

use crate::problem::Problem;

/// The names that each of a path's methods takes.
type Methods = Vec<(Method, Vec<String>)>;

/// By path. Made from the document, so that what is described is what is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownParameters(Arc<HashMap<String, Methods>>);

impl KnownParameters {
    pub(crate) fn of(document: &OpenApi) -> Self {
        let of_path = |item: &utoipa::openapi::PathItem| {
            let methods = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ];
            methods.into_iter().filter_map(|(method, of)| Some((method, in_query(of.as_ref()?)))).collect()
        };
        let paths = document.paths.paths.iter();
        Self(Arc::new(paths.map(|(path, item)| (path.clone(), of_path(item))).collect()))
    }

    /// None where there is no such operation.
    fn names(&self, path: &str, method: &Method) -> Option<&[String]> {
        // The router answers HEAD as it does GET, and writes `{*path}` for what has slashes in it.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let methods = self.0.get(path).or_else(|| self.0.get(&path.replace("{*", "{")))?;
        methods.iter().find(|(known, _)| known == method).map(|(_, names)| names.as_slice())
    }

    fn refusal(&self, request: &Request) -> Option<Problem> {
        let query = request.uri().query()?;
        let path = request.extensions().get::<MatchedPath>()?;
        let names = self.names(path.as_str(), request.method())?;
        let mut asked = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        let unknown = asked.find(|asked| names.iter().all(|name| name != asked))?;
        let expected = match names {
            [] => "there are none here".to_owned(),
            names => format!("expected `{}`", names.join("`, `")),
        };
        Some(Problem::bad_parameter(&*unknown, format!("unknown parameter `{unknown}`, {expected}")))
    }
}

fn in_query(operation: &Operation) -> Vec<String> {
    let in_query = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(Parameter { name, parameter_in: ParameterIn::Query, .. }) => Some(name.clone()),
        _ => None,
    };
    operation.parameters.iter().flatten().filter_map(in_query).collect()
}

pub(crate) async fn known_parameters(
    State(known): State<KnownParameters>,
    request: Request,
    next: Next,
) -> Response {
    match known.refusal(&request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}
