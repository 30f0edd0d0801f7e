//! The verbs that ask a server over HTTP. The settings of this machine are nothing to them.

use std::process::ExitCode;

use clap::Subcommand;
use custody_client::{
    ExportArgs, GetArgs, ImportArgs, JobsCommand, QuarantineCommand, RelatedArgs, SearchArgs, TailArgs,
    VerifyArgs,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
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
    /// Writes entries of a server into a file: all that a query matches, oldest first.
    ///
    /// With --bundle a file that proves itself. The formats, and how to tell a whole file from a part of one:
    /// docs/export.md.
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
}

impl ClientCommand {
    pub(crate) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::Import(args) => args.run(json).await,
            Self::Search(args) => args.run(json).await,
            Self::Tail(args) => args.run(json).await,
            Self::Get(args) => args.run(json).await,
            Self::Related(args) => args.run(json).await,
            Self::Export(args) => args.run(json).await,
            Self::Verify(args) => args.run(json).await,
            Self::Quarantine(command) => command.run(json).await,
            Self::Jobs(command) => command.run(json).await,
        }
    }
}

/// What they are called.
pub(crate) fn names() -> Vec<String> {
    let all = ClientCommand::augment_subcommands(clap::Command::new("custody"));
    all.get_subcommands().map(|verb| verb.get_name().to_owned()).collect()
}
