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
mod search;
mod serve;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use custody_client::{
    ExportArgs, GetArgs, ImportArgs, JobsCommand, QuarantineCommand, RelatedArgs, SearchArgs, TailArgs,
    VerifyArgs,
};

use crate::{
    command::{
        Console, config::ConfigCommand, invitation::InvitationCommand, keys::KeysCommand,
        rebuild::RebuildArgs, schedule::ScheduleCommand, tenant::TenantCommand, token::TokenCommand,
        user::UserCommand,
    },
    config::Flags,
    serve::ServeArgs,
};

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
    /// Sends files of events to a server.
    ///
    /// A file is a JSON array, CloudTrail's `{"Records": […]}`, or one object a line. Running it again adds
    /// nothing for events with an id of their own (`event_id`, CloudTrail's `eventID`): an import that broke
    /// off is resumed by starting it again. Exits with 1 if anything was not taken.
    Import(ImportArgs),
    /// Asks a server for entries.
    ///
    /// For example: custody search 'actor:alice action:iam.* severity>=ERROR "access denied"'. The table
    /// shows when something happened, in UTC; what was received last comes first. With --json each line is a
    /// whole entry, with its id. The query language: docs/query.md.
    Search(SearchArgs),
    /// Prints entries of a server as they come, until it is interrupted.
    ///
    /// Every entry that the query asks for, once, in the log's order: from now on, or from --after on. A
    /// connection that breaks is made again, and what came meanwhile is printed. With --json each line is a
    /// whole entry. More: docs/live.md.
    Tail(TailArgs),
    /// Fetches one entry from a server.
    Get(GetArgs),
    /// Shows what belongs to an entry: of the same request, session, actor, resource, around it in time.
    Related(RelatedArgs),
    /// Writes entries of a server into a file that proves itself.
    ///
    /// With --bundle: all entries that were received in a range of time, with what proves that they are
    /// those, unchanged, and all. The form: docs/bundle.md.
    Export(ExportArgs),
    /// Checks a bundle, or with --server the whole log of a tenant.
    ///
    /// Everything is recomputed here: entries, tree, every checkpoint that the log has kept. Exits with 0 if
    /// it is proven, 1 if something was tampered with (and says which entry), 2 if it could not be brought to
    /// an end or read. More: docs/verify.md.
    Verify(VerifyArgs),
    /// Lists, shows, replays and drops what could not become an entry.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Lists, shows, follows, cancels and retries jobs: work that outlives the request that asked for it.
    #[command(subcommand)]
    Jobs(JobsCommand),
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

/// They ask a server over HTTP, and the settings of this machine's are nothing to them.
const OF_THE_CLIENT: [&str; 8] =
    ["import", "search", "tail", "get", "export", "verify", "quarantine", "jobs"];

fn main() -> ExitCode {
    let mut command = Cli::command();
    command.build();
    config::hide_settings(&mut command, &OF_THE_CLIENT);
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
            Command::Import(args) => args.run(cli.json).await,
            Command::Search(args) => args.run(cli.json).await,
            Command::Tail(args) => args.run(cli.json).await,
            Command::Get(args) => args.run(cli.json).await,
            Command::Related(args) => args.run(cli.json).await,
            Command::Export(args) => args.run(cli.json).await,
            Command::Verify(args) => args.run(cli.json).await,
            Command::Quarantine(command) => command.run(cli.json).await,
            Command::Jobs(command) => command.run(cli.json).await,
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
