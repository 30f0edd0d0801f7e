//! The whole log on a server, recomputed: entries → commitments → leaves → tree → every checkpoint.

use std::{
    path::{Path, PathBuf},
    thread::available_parallelism,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use custody_domain::{EntryId, merkle::verify_consistency};
use custody_proof::{CompactRange, VerifierKey, stream::Opening, tile::WIDTH};
use futures::{StreamExt as _, stream};

use super::{
    Keys, Progress, anchors,
    checkpoints::Promises,
    finding::{Finding, Findings},
    fold::Fold,
    locate,
    report::Report,
    state::State,
    stretch,
};
use crate::{ApiClient, log::Log, log::patiently, text::count};

/// Entries of one stretch: a second's work, and 32 bytes each in memory.
const STRETCH: u64 = 128 * WIDTH;
const JOBS_MAX: usize = 8;
/// How often the state is written while it goes on.
const SAVE_EVERY: Duration = Duration::from_secs(5);

pub(super) fn jobs() -> usize {
    available_parallelism().map_or(1, |cores| cores.get().min(JOBS_MAX))
}

/// What whoever verifies has at hand.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) state: Option<PathBuf>,
    /// A folder.
    pub(super) anchors: Option<PathBuf>,
}

/// One verification of one log.
#[derive(Debug)]
struct Verification {
    log: Log,
    keys: Keys,
    promises: Promises,
    /// Where the log ends.
    head: Opening,
    state_file: Option<PathBuf>,
    jobs: usize,
}

pub(super) async fn check(
    client: ApiClient,
    pinned: Vec<VerifierKey>,
    files: Files,
    jobs: usize,
) -> anyhow::Result<Report> {
    let log = Log::new(client);
    let keys = Keys::new(pinned, &log.keys().await?)?;
    let mut anchors = match &files.anchors {
        Some(folder) => anchors::in_folder(folder, &keys)?,
        None => Vec::new(),
    };
    anchors.extend(anchors::of_server(&log).await?);
    // In this order: no anchor is newer than what is kept, none of the kept ones is newer than the newest, nor that than the head.
    let kept = log.kept().await?;
    let newest = log.checkpoint().await?;
    let head = patiently(async || Ok(stretch::open(&log, 0, 0).await?.1)).await?;
    let promises = match Promises::read(&keys, newest, kept, anchors) {
        Ok(promises) => promises,
        Err(detail) => {
            let mut findings = Findings::default();
            findings.add(Finding::of_log(format!("the newest checkpoint {detail}")));
            return Ok(Report::new(String::new(), findings, true));
        }
    };
    Verification { log, keys, promises, head, state_file: files.state, jobs: jobs.max(1) }.run().await
}

impl Verification {
    async fn run(mut self) -> anyhow::Result<Report> {
        let mut findings = std::mem::take(&mut self.promises.findings);
        if self.head.tenant != self.keys.origin().tenant() {
            return Err(anyhow!("the server streams another tenant's entries than it signs"));
        }
        let size = self.promises.newest.size;
        if self.head.size < size {
            let detail = format!(
                "and what came after it was cut off: a checkpoint covers {size} entries, and the log says that \
                 it has {}",
                self.head.size
            );
            findings.add(Finding::of_entry(self.head.size, None, &detail));
        }
        let (tree, last_id) = self.begin(&mut findings).await?;
        let begun = tree.end();
        let fold = self.walk(tree, last_id).await?;
        self.conclude(fold, findings, begun).await
    }

    /// The tree that an earlier run came to; the empty one without a state.
    async fn begin(&self, findings: &mut Findings) -> anyhow::Result<(CompactRange, Option<EntryId>)> {
        let state = self.state_file.as_deref().map(State::load).transpose()?.flatten();
        let Some(state) = state else { return Ok((CompactRange::default(), None)) };
        let (tree, last_id) = state.tree(&self.promises.origin)?;
        let size = self.promises.newest.size;
        if state.size() > size {
            let detail = format!(
                "and what came after it was cut off: {} entries were verified before, and the newest checkpoint \
                 covers {size}",
                state.size()
            );
            findings.add(Finding::of_entry(size, None, &detail));
            return Ok((CompactRange::default(), None));
        }
        self.behind(&tree, findings).await?;
        Ok((tree, last_id))
    }

    /// Checkpoints of what was verified before are held against it by proofs of consistency: their
    /// entries are not read again.
    async fn behind(&self, tree: &CompactRange, findings: &mut Findings) -> anyhow::Result<()> {
        let Some(root) = tree.root() else { return Ok(()) };
        let epoch = self.promises.newest.epoch;
        for promise in self.promises.all.iter().filter(|promise| promise.size < tree.end()) {
            let proof = self.log.consistency(promise.size, tree.end()).await?;
            let (from, to) = (promise.size, tree.end());
            let is_held = verify_consistency(from, to, &proof.hashes, &promise.root, &root);
            if !is_held && promise.epoch == epoch {
                let name = promise.anchor.as_deref().unwrap_or("the checkpoint");
                let detail =
                    format!("{name} of size {from} is not of the log that was verified before, up to {to}");
                findings.add(Finding::of_log(detail));
            }
        }
        Ok(())
    }

    async fn walk(&self, tree: CompactRange, last_id: Option<EntryId>) -> anyhow::Result<Fold> {
        let covered = self.promises.newest.size;
        let from = tree.end();
        let to = covered.max(self.head.size);
        let progress = Progress::start(to - from, "Verifying");
        let mut fold = Fold::new(tree, last_id, &self.promises);
        let tenant = self.head.tenant;
        let mut stretches = stream::iter(stretches(from, covered, to))
            .map(|range| stretch::check(&self.log, tenant, range))
            .buffered(self.jobs);
        let mut saved = Instant::now();
        while let Some(stretch) = stretches.next().await {
            let stretch = stretch.context("cannot read the log to its end")?;
            let (from, to) = (stretch.from, stretch.to);
            fold.take(stretch);
            progress.add(to - from);
            if to <= covered && (to == covered || saved.elapsed() >= SAVE_EVERY) {
                self.save(&fold)?;
                saved = Instant::now();
            }
        }
        Ok(fold)
    }

    /// Nothing that is not as it was signed is remembered as verified.
    fn save(&self, fold: &Fold) -> anyhow::Result<()> {
        match &self.state_file {
            Some(path) if fold.is_good() => save(path, &self.promises, fold),
            _ => Ok(()),
        }
    }

    async fn conclude(self, mut fold: Fold, mut findings: Findings, begun: u64) -> anyhow::Result<Report> {
        findings.append(std::mem::take(&mut fold.findings));
        if let Some(mismatch) = fold.mismatch.take() {
            let located = locate::changed(&self.log, &mismatch, self.promises.newest.size).await;
            findings.append(located.unwrap_or_default());
            let anchor = mismatch.anchor.as_deref();
            let anchor = anchor.map_or_else(String::new, |name| format!(", which {name} signs"));
            let detail = format!(
                "the entries from {} up to {} do not lead to the signed root of size {}{anchor} (signed {}, found {})",
                mismatch.good,
                mismatch.bad.saturating_sub(1),
                mismatch.bad,
                hex::encode(mismatch.signed),
                hex::encode(mismatch.found)
            );
            findings.add(Finding::of_log(detail));
        }
        self.last_id(&fold, &mut findings);
        Ok(self.report(&fold, findings, begun))
    }

    /// The log's own word of where it ends.
    fn last_id(&self, fold: &Fold, findings: &mut Findings) {
        let ends_there = self.head.size >= self.promises.newest.size && !fold.is_broken;
        if ends_there && self.head.size > 0 && fold.last_id() != self.head.last_id {
            let said = self.head.last_id.map_or_else(|| "none".to_owned(), |id| id.to_string());
            let detail = format!("is the last one, and the log's head names another: {said}");
            findings.add(Finding::of_entry(self.head.size - 1, fold.last_id(), &detail));
        }
    }

    fn report(self, fold: &Fold, findings: Findings, begun: u64) -> Report {
        let newest = &self.promises.newest;
        let is_complete = fold.newer == 0 && newest.size > 0 && fold.lost() == 0;
        let mut summary = format!("the log's {} entries are the ones that its checkpoints sign", newest.size);
        if self.promises.anchors > 0 {
            let anchors = count(self.promises.anchors, "anchor", "anchors");
            summary = format!("{summary}, {anchors} among them");
        }
        let mut report = Report::new(summary, findings, is_complete);
        report.fact("log", self.promises.origin.to_string());
        report.fact("tree_size", newest.size);
        report.fact("root", hex::encode(newest.root));
        report.fact("verified_from", begun);
        report.fact("verified_to", fold.tree().end());
        report.fact("checkpoints", fold.kept);
        report.fact("anchors", self.promises.anchors);
        report.fact("not_yet_signed", self.head.size.saturating_sub(newest.size));
        report.fact("keys", self.keys.that_signed(&self.promises.note, &self.promises.origin).join(" "));
        report.fact("pinned", self.keys.is_pinned);
        self.notes(fold, &mut report);
        report
    }

    fn notes(&self, fold: &Fold, report: &mut Report) {
        if self.promises.newest.size == 0 {
            report.note("the log is empty, or nothing of it is signed yet: there is nothing to prove");
        }
        if fold.newer > 0 {
            report.note(format!("{} entries were written by a later version of Custody", fold.newer));
        }
        if fold.lost() > 0 {
            let lost = fold.lost();
            report.note(format!(
                "a restore lost entries: {lost} checkpoints from before it sign what is not here"
            ));
        }
        if self.promises.unpinned > 0 {
            let unpinned = self.promises.unpinned;
            report.note(format!(
                "{unpinned} kept checkpoints are signed only by keys that you have not pinned"
            ));
        }
        if !self.keys.is_pinned {
            report.note(
                "the keys are the server's own word: compare them with those that you have from elsewhere, or \
                 pass those with --key",
            );
        }
    }
}

fn save(path: &Path, promises: &Promises, fold: &Fold) -> anyhow::Result<()> {
    State::new(&promises.origin, fold.tree(), fold.last_id()).save(path)
}

/// `from..to` in stretches that begin where a tile does, and where the newest checkpoint ends.
fn stretches(from: u64, covered: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
    let mut at = from;
    std::iter::from_fn(move || {
        if at >= to {
            return None;
        }
        let begin = at;
        let end = (begin - begin % STRETCH + STRETCH).min(to);
        at = if begin < covered { end.min(covered) } else { end };
        Some((begin, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_cover_all_and_end_at_the_checkpoint() {
        let all = |from, covered, to| stretches(from, covered, to).collect::<Vec<_>>();
        assert_eq!(all(0, 0, 0), []);
        assert_eq!(all(0, 10, 12), [(0, 10), (10, 12)]);
        assert_eq!(all(5, STRETCH, STRETCH + 1), [(5, STRETCH), (STRETCH, STRETCH + 1)]);
        let covered = 2 * STRETCH + 7;
        let expected = [(0, STRETCH), (STRETCH, 2 * STRETCH), (2 * STRETCH, covered), (covered, covered + 3)];
        assert_eq!(all(0, covered, covered + 3), expected);
    }
}
