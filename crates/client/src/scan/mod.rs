//! `custody scan`: scans of cloud accounts, from asking for one to what it found.

mod act;
mod causes;
mod checks;
mod compare;
mod file;
mod finding;
mod findings;
mod given;
mod list;
mod report;
mod run;
mod shape;
mod show;
mod triage;
mod watch;

use std::process::ExitCode;

use clap::Subcommand;

/// Exit code of a scan that found failures, as Prowler's own.
const FOUND: u8 = 3;

/// Scans of cloud accounts by Prowler.
#[derive(Debug, Subcommand)]
pub enum ScanCommand {
    /// Asks for a scan; with --watch shows it as it goes by.
    ///
    /// Credentials are taken from the environment (`AWS_ACCESS_KEY_ID`, …) or a file, never from the command
    /// line. With --watch it exits with 0 if nothing failed, with 3 if there are findings that fail and are
    /// not muted, and with 1 if the scan itself failed or was cancelled, or if nothing failed and something could
    /// not be looked at.
    Run(Box<run::RunArgs>),
    /// Lists scans, the newest first.
    List(list::ListArgs),
    /// Shows one scan; with --watch until it ends, and with the exit codes of `scan run --watch`.
    Show(show::ShowArgs),
    /// Ends a scan; what it has found is kept.
    Cancel(act::CancelArgs),
    /// Deletes a scan that has ended, with its findings.
    Delete(act::DeleteArgs),
    /// Prints what the engine wrote to its standard error.
    Log(act::LogArgs),
    /// Brings the findings of a Prowler run elsewhere, as a scan of its own.
    ///
    /// Exits with 1 where something of the file was not taken.
    Import(file::ImportArgs),
    /// Writes a scan's findings in the forms that Prowler writes.
    Export(file::ExportArgs),
    /// Lists what was found.
    Findings(findings::FindingsArgs),
    /// Shows one finding: what is wrong, what it risks, and what to do about it.
    Finding(finding::FindingArgs),
    /// Says of a finding who cares for it, that it is accepted, or that it is muted and until when.
    Triage(triage::TriageArgs),
    /// Shows who did what to a finding's resource before it began to fail, the likeliest cause first.
    Causes(causes::CausesArgs),
    /// Writes a scan's report: what failed, what to do about it, and what was not looked at.
    Report(report::ReportArgs),
    /// Shows what differs between two scans of one account.
    Compare(compare::CompareArgs),
    /// Lists the checks of a scan, or without one what can be checked.
    Checks(checks::ChecksArgs),
}

impl ScanCommand {
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run(args) => args.run(json).await,
            Self::List(args) => args.run(json).await,
            Self::Show(args) => args.run(json).await,
            Self::Cancel(args) => args.run(json).await,
            Self::Delete(args) => args.run(json).await,
            Self::Log(args) => args.run().await,
            Self::Import(args) => args.run(json).await,
            Self::Export(args) => args.run().await,
            Self::Findings(args) => args.run(json).await,
            Self::Finding(args) => args.run(json).await,
            Self::Triage(args) => args.run(json).await,
            Self::Causes(args) => args.run(json).await,
            Self::Report(args) => args.run().await,
            Self::Compare(args) => args.run(json).await,
            Self::Checks(args) => args.run(json).await,
        }
    }
}
