//! The OpenAPI 3.1 document: the handlers' annotations, completed from the table of operations, so
//! that what is documented about roles, trails and errors is what is enforced.

mod examples;

use custody_auth::{Access, Operation, Trail};
use utoipa::{
    OpenApi as _,
    openapi::{
        OpenApi, Ref, RefOr, Response,
        path::{Operation as Documented, PathItem},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use crate::{problem, problem::ProblemBody, router};

const SCHEME: &str = "bearer";

/// Problems that many operations can answer: name, status code, description.
const PROBLEMS: [(&str, &str, &str); 10] = [
    (
        "BadRequest",
        "400",
        "The request, its query parameters or its JSON cannot be read; `errors` names the place.",
    ),
    ("Unauthenticated", "401", "No credential, or one that is not valid (any more). See `WWW-Authenticate`."),
    ("Forbidden", "403", "The credential's role may not do this, or its holder must set a password first."),
    ("NotFound", "404", "Not there, or another tenant's: the answers are the same."),
    ("RequestTimeout", "408", "The body came too slowly."),
    ("TooLarge", "413", "The body is larger than `limit` bytes."),
    ("UnsupportedMediaType", "415", "`Content-Type` or `Content-Encoding` is not understood."),
    ("Invalid", "422", "The request is understood and cannot be accepted; `errors` says why."),
    (
        "TooManyRequests",
        "429",
        "A rate limit is used up, or too many requests run at once; try again after `Retry-After` seconds.",
    ),
    (
        "Unavailable",
        "503",
        "Something the server needs does not answer; try again after `Retry-After` seconds.",
    ),
];

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Custody",
        description = "Security evidence for many tenants: an audit log that can be proven.\n\n\
            Every operation acts in the one tenant of its credential: a session's access token, an API key, \
            or a token that an operator issued, sent as `Authorization: Bearer …`. \
            Errors are problems (RFC 9457), lists are pages with opaque cursors, \
            times are RFC 3339, a trailing slash is accepted.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemBody, problem::Fault)),
    tags(
        (name = "entries", description = "The tenant's log: who did what."),
        (name = "log", description = "What proves the log: its tree, its checkpoints, itself."),
        (name = "quarantine", description = "What was sent and could not become an entry."),
        (name = "jobs", description = "Work that outlives the request that asked for it."),
        (name = "tenants", description = "Tenants, and what is set for one."),
        (name = "people", description = "Users, their memberships, invitations."),
        (name = "api keys", description = "Credentials of programs."),
        (name = "auth", description = "Signing in and out."),
    )
)]
struct Base;

/// The document without any operation, for the router to fill.
pub(crate) fn base() -> OpenApi {
    Base::openapi()
}

/// The whole document. Pure: needs no server, no database.
pub fn openapi() -> OpenApi {
    router::documented().1
}

/// Adds to the annotated operations what the table says of them.
pub(crate) fn complete(mut document: OpenApi) -> OpenApi {
    // A parameter that spans slashes is the router's word (`{*path}`); OpenAPI has none for it.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    let components = document.components.get_or_insert_default();
    let scheme = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token, an API key (`cust_…`), or an issued token."))
        .build();
    components.security_schemes.insert(SCHEME.to_owned(), RefOr::T(SecurityScheme::Http(scheme)));
    for (name, status, description) in PROBLEMS {
        components.responses.insert(name.to_owned(), RefOr::T(problem_response(status, description)));
    }
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            describe(path, operation);
        }
    }
    document
}

const PROBLEM: &str = "application/problem+json";

fn problem_response(status: &str, description: &str) -> Response {
    let schema = Ref::from_schema_name("Problem");
    let content = utoipa::openapi::ContentBuilder::new().schema(Some(schema)).build();
    let response = utoipa::openapi::ResponseBuilder::new().description(description);
    let mut response = response.content(PROBLEM, content).build();
    exemplify(status, &mut response);
    response
}

/// Without one of its own every problem would be shown as the one that stands at the schema.
fn exemplify(status: &str, response: &mut Response) {
    if let Some(RefOr::T(content)) = response.content.get_mut(PROBLEM)
        && content.example.is_none()
    {
        content.example = examples::problem(status, &response.description);
    }
}

/// The operations of one path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Documented> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn describe(path: &str, documented: &mut Documented) {
    let Some(operation) = documented.operation_id.as_deref().and_then(Operation::from_id) else {
        return;
    };
    let said = documented.description.take().unwrap_or_default();
    let more = format!("**Who:** {}\n\n**Leaves in the log:** {}", who(operation), leaves(operation));
    documented.description = Some(format!("{said}\n\n{more}").trim_start().to_owned());
    let requirement = match operation.access() {
        Access::Public => vec![],
        Access::Authenticated | Access::Roles(_) => {
            vec![SecurityRequirement::new::<_, [&str; 0], &str>(SCHEME, [])]
        }
    };
    documented.security = Some(requirement);
    for (status, response) in &mut documented.responses.responses {
        if let RefOr::T(response) = response {
            exemplify(status, response);
        }
    }
    for name in problems_of(path, operation, documented) {
        if let Some((_, status, _)) = PROBLEMS.iter().find(|(n, ..)| *n == name) {
            let reference = RefOr::Ref(Ref::from_response_name(name));
            documented.responses.responses.entry((*status).to_owned()).or_insert(reference);
        }
    }
}

fn problems_of(path: &str, operation: Operation, documented: &Documented) -> Vec<&'static str> {
    // All of them refuse query parameters that they do not have.
    let mut names = vec!["BadRequest", "TooManyRequests", "Unavailable"];
    if operation.access() != Access::Public {
        names.extend(["Unauthenticated", "Forbidden"]);
    }
    if path.contains('{') {
        names.push("NotFound");
    }
    if documented.request_body.is_some() {
        names.extend(["RequestTimeout", "TooLarge", "UnsupportedMediaType", "Invalid"]);
    }
    names
}

fn who(operation: Operation) -> String {
    match operation.access() {
        Access::Public => "anybody; no credential is asked for.".to_owned(),
        Access::Authenticated => "every valid credential, whatever its role.".to_owned(),
        Access::Roles(roles) => {
            let names: Vec<_> = roles.iter().map(|r| format!("`{r}`")).collect();
            format!("{}.", names.join(", "))
        }
    }
}

fn leaves(operation: Operation) -> String {
    match operation.trail() {
        Trail::Entry(action) => format!("an entry `{action}`."),
        Trail::Itself => "the entries themselves, which say in `recorded_by` who sent them.".to_owned(),
        Trail::Told(action) => {
            format!("an entry `{action}` within a second; the same again within a minute is counted.")
        }
        Trail::Read => "nothing: it reads.".to_owned(),
    }
}

#[cfg(test)]
mod tests;
