//! `custody serve`: wires the parts together, runs them, and takes them apart in order.

mod background;
mod banner;
mod checks;
mod counters;
mod drain;
mod jobs;
mod parts;
mod predecessor;

use std::{
    fs::DirBuilder, net::TcpListener, num::NonZeroU32, os::unix::fs::DirBuilderExt as _, path::PathBuf,
    process::ExitCode, sync::Arc, time::Duration,
};

use anyhow::Context as _;
use chrono::Utc;
use clap::{Args, ValueEnum};
use custody_api::{App, FileLinks, HttpConfig, Readiness, ServeConfig, TlsFiles};
use custody_auth::{LimitsConfig, Passwords, Quota, SignInLimits, SignInLimitsConfig};
use custody_export::Exports;
use custody_queue::hear::Heard;
use custody_search::{Live, LiveConfig};
use custody_store::embedded::Layout;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::{
    io::AsyncReadExt as _,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::parts::Parts;
use self::{background::Background, drain::Drain};
use crate::{
    config::{Config, Flags},
    installation::Installation,
    sample,
};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Loads the sample: two invented tenants with events, unless they are there.
    #[arg(long)]
    sample: bool,
    /// Runs the HTTP side alone, or the background work alone, of a server on several machines.
    #[arg(long, value_enum, value_name = "SIDE")]
    only: Option<Side>,
    /// Stops when standard input closes: for a parent that must not leave it behind.
    #[arg(long)]
    until_stdin_closes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Side {
    Api,
    Worker,
}

pub(crate) async fn run(args: ServeArgs, config: &Config, flags: &Flags) -> anyhow::Result<ExitCode> {
    // Listened for before anything is started, so that an early Ctrl-C stops in order too.
    let stop = stop_token(args.until_stdin_closes)?;
    for name in crate::config::unknown_variables() {
        tracing::warn!("{name} is no setting of this version; `custody config` lists all");
    }
    // Bound first: a port in use is said at once, and nothing has to be stopped again.
    let listener = match args.only {
        Some(Side::Worker) => None,
        _ => Some(bind(config)?),
    };
    let metrics = PrometheusBuilder::new().install_recorder()?;
    counters::register();
    let installation = tokio::select! {
        opened = Installation::serve(config) => opened?,
        () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    let result = serve(&args, config, flags, &installation, listener, metrics, stop).await;
    installation.close().await;
    if result.is_ok() {
        tracing::info!("stopped");
    }
    result.map(|()| ExitCode::SUCCESS)
}

async fn serve(
    args: &ServeArgs,
    config: &Config,
    flags: &Flags,
    installation: &Installation,
    listener: Option<TcpListener>,
    metrics: PrometheusHandle,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let parts = Parts::open(config, installation)?;
    let drain = Drain::of(&stop, Duration::from_secs(config.drain_seconds));
    let works = args.only != Some(Side::Api);
    let lease_holder = Layout::new(&config.data_dir).lease_holder();
    if works {
        counters::register_jobs(&parts.kinds);
        crate::scans::sweep(config);
        predecessor::hand_back(&installation.store, &lease_holder).await;
    }
    let background = Background::start(installation, config, flags, &parts, &metrics, works).await?;
    if let Some(holder) = background.lease_holder() {
        predecessor::note(&lease_holder, holder);
    }
    if args.sample {
        sample::load(installation, &parts.ledger, &parts.ingest)
            .await
            .context("the sample could not be loaded")?;
    }
    let result = if let Some(listener) = listener {
        let heard = background.heard();
        let searches = parts.searches.clone();
        let following = tokio::spawn(searches.clone().follow(parts.ledger.clone()));
        let app = app(config, installation, parts, metrics, heard, stop.clone())?;
        banner::print(installation, &listener, config, args.sample).await?;
        let shutdown = stop.clone();
        let shutdown = async move { shutdown.cancelled().await };
        let router = custody_api::router(app.clone());
        let served = custody_api::serve(serve_config(config, listener), router, shutdown).await;
        app.streams_closed().await;
        following.abort();
        searches.close().await;
        served
    } else {
        banner::print_worker()?;
        stop.cancelled().await;
        Ok(())
    };
    background.stop(drain.left()).await;
    Ok(result?)
}

fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.listen).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{} is in use by another program; stop it, or choose another address with --listen (CUSTODY_LISTEN)",
            config.listen
        ),
        _ => anyhow::anyhow!("cannot listen on {}: {error}", config.listen),
    })
}

fn app(
    config: &Config,
    installation: &Installation,
    parts: Parts,
    metrics: PrometheusHandle,
    heard: Heard,
    stop: CancellationToken,
) -> anyhow::Result<App> {
    let origins = config.cors_origins.0.iter();
    let http = HttpConfig {
        trusted_proxies: config.trusted_proxies.0.clone(),
        internal_networks: config.internal_networks.0.clone(),
        cors_origins: origins.map(|o| o.parse()).collect::<Result<_, _>>().context("cors_origins")?,
        body_bytes_max: config.body_limit_bytes,
        bulk_bytes_max: config.bulk_limit_bytes,
        spool_folder: spool_folder(config)?,
        spool_bytes_max: config.spool_limit_bytes,
        read_timeout: Duration::from_secs(config.read_timeout_seconds),
        tls: config.tls_cert.is_some(),
        ..HttpConfig::default()
    };
    let Parts { ledger, ingest, reads, objects, searches, scans, kinds } = parts;
    let hints = vec![ledger.moved(), heard.log];
    let parts = custody_api::Parts {
        authenticator: Arc::clone(&installation.authenticator),
        tokens: installation.tokens.clone(),
        passwords: Passwords::new()?,
        sign_in_limits: SignInLimits::new(&SignInLimitsConfig::default()),
        search: searches.port(),
        live: Live::new(ledger.clone(), installation.authority.clone(), hints, LiveConfig::default()),
        readiness: Readiness::new(checks::all(installation, &kinds, &searches)),
        metrics: Some(metrics),
        store: installation.store.clone(),
        objects,
        exports: Exports::new(ledger.clone()),
        scans,
        pdf: |layout, data| Ok(custody_pdf::pdf(layout, data)?),
        ledger,
        ingest,
        reads,
        clock: Utc::now,
        file_links: FileLinks::new(installation.store.cursor_secret(), installation.authority.clone()),
        jobs_changed: heard.changed,
        stop,
    };
    Ok(App::new(http, &limits(config), parts))
}

/// Of this user alone; the files in it have no names.
fn spool_folder(config: &Config) -> anyhow::Result<PathBuf> {
    let folder = config.data_dir.join("spool");
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    Ok(folder)
}

fn limits(config: &Config) -> LimitsConfig {
    let a_minute = |requests| {
        let requests = NonZeroU32::new(requests)?;
        Some(Quota { requests, window_secs: NonZeroU32::new(60)? })
    };
    LimitsConfig {
        per_tenant: a_minute(config.rate_limit_tenant),
        per_credential: a_minute(config.rate_limit_credential),
        per_address: a_minute(config.rate_limit_address),
    }
}

fn serve_config(config: &Config, listener: TcpListener) -> ServeConfig {
    let files = config.tls_cert.clone().zip(config.tls_key.clone());
    ServeConfig {
        listener,
        tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
        header_read_timeout: Duration::from_secs(config.read_timeout_seconds),
        drain_timeout: Duration::from_secs(config.drain_seconds),
    }
}

/// Cancelled by SIGINT, SIGTERM, or (if asked) the end of standard input. A second signal ends the
/// process at once: somebody who presses Ctrl-C twice means it.
fn stop_token(until_stdin_closes: bool) -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn({
        let stop = stop.clone();
        async move {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            };
            tracing::info!(signal = name, "stopping; once more to stop at once");
            stop.cancel();
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(130);
        }
    });
    if until_stdin_closes {
        let stop = stop.clone();
        tokio::spawn(async move {
            let mut discarded = [0; 256];
            let mut stdin = tokio::io::stdin();
            while matches!(stdin.read(&mut discarded).await, Ok(1..)) {}
            stop.cancel();
        });
    }
    Ok(stop)
}
