//! `POST /api/v1/auth/ticket`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_store::tickets;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, Permit, problem::Problem};

/// One use, within thirty seconds.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ticket {
    /// Goes into `?ticket=` of a WebSocket's address, the one place where a browser can send it.
    #[schema(example = "custt_…")]
    ticket: String,
    expires_at: DateTime<Utc>,
}

/// Get a ticket for a WebSocket
///
/// It stands for the credential that asks, is checked anew when it is used, and is good for nothing
/// else.
#[utoipa::path(
    post, path = "/api/v1/auth/ticket", operation_id = "createTicket", tag = "auth",
    responses((status = 201, description = "A ticket.", body = Ticket))
)]
pub(crate) async fn create_ticket(
    permit: Permit<op::CreateTicket>,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let made = tickets::create(&app.store, &permit, permit.authenticated(), app.now()).await?;
    let body = Ticket { ticket: made.ticket.text.to_string(), expires_at: made.expires_at };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}
