//! `custody quarantine`: what could not become an entry, to look at, mend, and be rid of.

mod discard;
mod list;
mod replay;
mod selection;
mod show;

use std::process::ExitCode;

use clap::Subcommand;

/// What was sent and could not become an entry.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// Lists items, the newest first: why each is there, and where it is wrong.
    List(list::ListArgs),
    /// Shows one item; with --content what it says, masked. Reading that leaves an entry in the log.
    ///
    /// To mend one: custody quarantine show ID --content > event.json, then edit, then
    /// custody quarantine replay ID --file event.json.
    Show(show::ShowArgs),
    /// Sends items the way into the log again: one, as it is or mended, or many as they are.
    ///
    /// What becomes an entry leaves the quarantine. Exits with 1 if anything stays there.
    Replay(replay::ReplayArgs),
    /// Drops items for good. Each leaves an entry in the log.
    Drop(discard::DropArgs),
}

impl QuarantineCommand {
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::List(args) => args.run(json).await,
            Self::Show(args) => args.run(json).await,
            Self::Replay(args) => args.run(json).await,
            Self::Drop(args) => args.run(json).await,
        }
    }
}
