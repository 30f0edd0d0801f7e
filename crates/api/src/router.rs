//! The table of contents: every route of the API, one handler a file under `routes/`. The paths and
//! methods stand at the handlers (`#[utoipa::path]`), which a test holds to the table of operations
//! in `custody_auth::operation`.

use axum::{
    Router,
    routing::{any, get},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App, docs,
    middleware::{self, KnownParameters},
    openapi,
    routes::{
        api_keys, auth, checks, compliance, files, findings, followers, frameworks, health, invitations,
        jobs, log, logs, mask_policy, metrics, openapi_document, producers, providers, quarantine, scans,
        schedules, tenants, users, well_known,
    },
};

/// The whole HTTP interface.
pub fn router(app: App) -> Router {
    let (api, document) = documented();
    let known = KnownParameters::of(&document);
    let router = middleware::around_api(&app.edge, known, api)
        // Outside the API: no credentials, no limits, and answering when the API cannot.
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", any(metrics::metrics))
        .merge(openapi_document::routes(&document))
        .merge(docs::routes());
    middleware::around_all(&app.edge.clone(), router.with_state(app))
}

/// The API's routes, and their document.
#[expect(clippy::too_many_lines, reason = "it is the table of contents, and is read as one")]
pub(crate) fn documented() -> (Router<App>, OpenApi) {
    let (router, document) = OpenApiRouter::with_openapi(openapi::base())
        // Entries
        .routes(routes!(logs::list::list_entries, logs::create::create_entry))
        .routes(routes!(logs::bulk::create_entries))
        .routes(routes!(logs::stream::follow_entries))
        .routes(routes!(logs::stats::get_entry_stats))
        .routes(routes!(logs::export::stream::export_entries, logs::export::create::create_export))
        .routes(routes!(logs::get::get_entry))
        .routes(routes!(logs::proof::get_proof))
        .routes(routes!(logs::related::get_related_entries))
        .routes(routes!(logs::findings::get_entry_findings))
        // The log itself
        .routes(routes!(log::checkpoint::get_checkpoint))
        .routes(routes!(log::checkpoints::list_checkpoints))
        .routes(routes!(log::anchors::list_anchors))
        .routes(routes!(log::anchor::get_anchor))
        .routes(routes!(log::key::get_log_key))
        .routes(routes!(log::keys::list_log_keys))
        .routes(routes!(log::tile::get_tile))
        .routes(routes!(log::entries_tile::get_entries_tile))
        .routes(routes!(log::consistency::get_consistency))
        .routes(routes!(log::entries::stream_entries))
        .routes(routes!(log::watermark::get_watermark))
        .routes(routes!(producers::list::list_producers))
        .routes(routes!(followers::list::list_followers))
        // Quarantine
        .routes(routes!(quarantine::list::list_quarantine))
        .routes(routes!(quarantine::get::get_quarantined, quarantine::drop::drop_quarantined))
        .routes(routes!(quarantine::content::get_quarantined_content))
        .routes(routes!(quarantine::replay::replay_quarantined))
        .routes(routes!(quarantine::replay_many::replay_quarantine))
        .routes(routes!(quarantine::drop_many::drop_quarantine))
        // Jobs
        .routes(routes!(jobs::list::list_jobs))
        .routes(routes!(jobs::get::get_job))
        .routes(routes!(jobs::stream::stream_job))
        .routes(routes!(jobs::cancel::cancel_job))
        .routes(routes!(jobs::retry::retry_job))
        .routes(routes!(jobs::files::list::list_job_files))
        .routes(routes!(jobs::files::get::get_job_file))
        .routes(routes!(jobs::files::link::link_job_file))
        .routes(routes!(files::get::get_file))
        .routes(routes!(schedules::list::list_schedules))
        .routes(routes!(schedules::set::set_schedule, schedules::delete::delete_schedule))
        // Scans
        .routes(routes!(scans::list::list_scans, scans::create::create_scan))
        .routes(routes!(scans::import::import_scan))
        .routes(routes!(scans::get::get_scan, scans::update::update_scan, scans::delete::delete_scan))
        .routes(routes!(scans::status::get_scan_status))
        .routes(routes!(scans::stream::stream_scan))
        .routes(routes!(scans::cancel::cancel_scan))
        .routes(routes!(scans::log::get_scan_log))
        .routes(routes!(scans::export::export_scan))
        .routes(routes!(scans::report::get_scan_report))
        .routes(routes!(scans::compare::compare_scans))
        .routes(routes!(scans::checks::list_scan_checks))
        .routes(routes!(findings::list::list_findings, findings::create::create_finding))
        .routes(routes!(findings::stats::get_finding_stats))
        .routes(routes!(findings::risks::list_risks))
        .routes(routes!(findings::triage_many::triage_findings))
        .routes(routes!(findings::causes::get_finding_causes))
        .routes(routes!(
            findings::get::get_finding,
            findings::triage::triage_finding,
            findings::delete::delete_finding
        ))
        .routes(routes!(providers::list::list_providers, providers::create::create_provider))
        .routes(routes!(
            providers::get::get_provider,
            providers::update::update_provider,
            providers::delete::delete_provider
        ))
        .routes(routes!(checks::list::list_checks, checks::create::create_check))
        .routes(routes!(checks::get::get_check, checks::update::update_check, checks::delete::delete_check))
        .routes(routes!(frameworks::list::list_frameworks))
        .routes(routes!(frameworks::get::get_framework))
        .routes(routes!(compliance::get::get_compliance))
        .routes(routes!(compliance::framework::get_framework_compliance))
        // Tenants, and what is set for one
        .routes(routes!(tenants::list::list_tenants, tenants::create::create_tenant))
        .routes(routes!(tenants::get::get_tenant))
        .routes(routes!(mask_policy::get::get_mask_policy, mask_policy::set::set_mask_policy))
        // People
        .routes(routes!(users::list::list_users))
        .routes(routes!(users::get::get_user, users::update::update_user, users::remove::remove_user))
        .routes(routes!(invitations::list::list_invitations, invitations::create::create_invitation))
        .routes(routes!(invitations::revoke::revoke_invitation))
        // API keys
        .routes(routes!(api_keys::list::list_api_keys, api_keys::create::create_api_key))
        .routes(routes!(api_keys::get::get_api_key, api_keys::revoke::revoke_api_key))
        // Signing in and out
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::token::refresh_token))
        .routes(routes!(auth::logout::logout))
        .routes(routes!(auth::accept::accept_invitation))
        .routes(routes!(auth::password::set_password))
        .routes(routes!(auth::me::get_me))
        .routes(routes!(auth::ticket::create_ticket))
        .routes(routes!(well_known::jwks::get_signing_keys))
        .split_for_parts();
    (router, openapi::complete(document))
}
