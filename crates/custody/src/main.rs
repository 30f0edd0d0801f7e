//! The `custody` binary: one clap enum, and the only place where the parts are wired together.
//!
//! May know: every crate of the workspace. Must not: hold logic of its own beyond configuration,
//! wiring, and the operator's verbs; what can be asked over HTTP is asked by `custody-client`.

mod command;
mod config;
mod installation;
mod jobs;
mod logging;
#[cfg(faults)]
mod probe;
mod sample;
mod scans;
mod search;
mod serve;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::{
    command::{
        Console,
        client::{self, ClientCommand},
        config::ConfigCommand,
        invitation::InvitationCommand,
        keys::KeysCommand,
        rebuild::RebuildArgs,
        scan::ScanVerb,
        schedule::ScheduleCommand,
        tenant::TenantCommand,
        token::TokenCommand,
        user::UserCommand,
    },
    config::Flags,
    serve::ServeArgs,
};

/// Ingest with the index following is 17 % faster than with glibc's, in no more memory
/// (docs/performance.md).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Security evidence for many tenants: an audit log that can be proven.
#[derive(Debug, Parser)]
#[command(
    name = "custody",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    /// Answers in JSON, for programs.
    // Before the settings, whose heading would hold it otherwise.
    #[arg(long, global = true)]
    json: bool,

    #[command(flatten)]
    flags: Flags,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server: the HTTP API, the work behind it and, without `DATABASE_URL`, its database.
    Serve(ServeArgs),
    /// Brings the database's schema to this version, and stops.
    Migrate,
    /// Makes and lists tenants.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Adds people to tenants, and gives new one-time sign-ins.
    #[command(subcommand)]
    User(UserCommand),
    /// Lists open invitations, and hands out their secrets.
    #[command(subcommand)]
    Invitation(InvitationCommand),
    /// Issues, lists and revokes tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Changes the keys that sign tokens and checkpoints.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Lists the installation's schedules, runs one now, switches them on and off.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Makes what is derived from the logs again, from nothing.
    Rebuild(RebuildArgs),
    #[command(flatten)]
    Client(ClientCommand),
    /// Scans cloud accounts by Prowler: asks for scans, shows what they found.
    #[command(subcommand)]
    Scan(ScanVerb),
    /// Says what was found on this machine, and what is wrong.
    Doctor,
    /// Prints every setting, its value and where that came from.
    Config(ConfigCommand),
    /// Prints the API's description (OpenAPI 3.1, JSON).
    Openapi,
    /// The process of one job. Workers start it.
    #[command(hide = true)]
    RunJob,
    #[cfg(faults)]
    #[command(hide = true)]
    Probe(probe::ProbeArgs),
}

fn main() -> ExitCode {
    let mut command = Cli::command();
    command.build();
    let mut verbs = client::names();
    verbs.push("scan".to_owned());
    config::hide_settings(&mut command, &verbs);
    let cli = Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    let console = Console { json: cli.json };
    match run(cli, console) {
        Ok(code) => code,
        Err(error) => {
            console.error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, console: Console) -> anyhow::Result<ExitCode> {
    let loaded = config::load(&cli.flags)?;
    logging::start(&loaded.config, matches!(cli.command, Command::Serve(_)))?;
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let config = &loaded.config;
        match cli.command {
            Command::Serve(args) => serve::run(args, config, &cli.flags).await,
            Command::Migrate => command::migrate::run(config, console).await,
            Command::Tenant(command) => command.run(config, console).await,
            Command::User(command) => command.run(config, console).await,
            Command::Invitation(command) => command.run(config, console).await,
            Command::Token(command) => command.run(config, console).await,
            Command::Keys(command) => command.run(config, console).await,
            Command::Schedule(command) => command.run(config, console).await,
            Command::Rebuild(args) => args.run(config, console).await,
            Command::Client(command) => command.run(cli.json).await,
            Command::Scan(command) => command.run(config, console).await,
            Command::Doctor => command::doctor::run(config, console).await,
            Command::Config(command) => command.run(&loaded, console),
            Command::Openapi => command::openapi::run(),
            Command::RunJob => command::run_job::run(config).await,
            #[cfg(faults)]
            Command::Probe(args) => args.run(config).await,
        }
    });
    // A thread that reads standard input cannot be told to stop, and nobody waits for it.
    runtime.shutdown_background();
    result
}
