//! All that the log ever signed and kept, and what is wrong with it before any entry was read.

use custody_domain::Hash;
use custody_proof::{Checkpoint, Origin};

use super::{
    Keys, Signed,
    anchors::Anchor,
    finding::{Finding, Findings},
};
use crate::log::Kept;

/// What the entries are held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Promise {
    /// One below the newest checkpoint's is of before a restore, which may have lost entries.
    pub(super) epoch: u32,
    pub(super) size: u64,
    pub(super) root: Hash,
    pub(super) made_at: Option<String>,
    /// What the anchor is called that it is in.
    pub(super) anchor: Option<String>,
}

/// The promises of a log.
#[derive(Debug)]
pub(super) struct Promises {
    /// Of the newest checkpoint.
    pub(super) newest: Promise,
    pub(super) note: String,
    pub(super) origin: Origin,
    /// The anchors, the kept ones, and it, by size.
    pub(super) all: Vec<Promise>,
    /// Checkpoints signed only by keys that nobody has pinned.
    pub(super) unpinned: u64,
    /// Anchors that the entries are held against.
    pub(super) anchors: u64,
    pub(super) findings: Findings,
}

impl Promises {
    /// An error, for a person, where the newest checkpoint itself is not to be believed.
    pub(super) fn read(
        keys: &Keys,
        newest: String,
        kept: Vec<Kept>,
        anchors: Vec<Anchor>,
    ) -> Result<Self, String> {
        let signed = keys.open(&newest)?;
        if !signed.by_trusted {
            let told = "is signed by no key that you have pinned; if the log's key was rotated, get the new one \
                        by another way than from this server (docs/tree.md)";
            return Err(told.to_owned());
        }
        let Checkpoint { size, root, .. } = signed.checkpoint;
        let promise = Promise { epoch: signed.origin.epoch(), size, root, made_at: None, anchor: None };
        let mut promises = Self {
            newest: promise.clone(),
            note: newest,
            origin: signed.origin,
            all: Vec::new(),
            unpinned: 0,
            anchors: 0,
            findings: Findings::default(),
        };
        // First the anchors: of several that say the same they are the ones to be named.
        for anchor in anchors {
            promises.anchor(keys, anchor);
        }
        promises.all.push(promise);
        for kept in kept {
            promises.keep(keys, kept);
        }
        promises.all.sort_by_key(|promise| (promise.size, promise.epoch));
        promises.all.dedup_by(|a, b| (a.epoch, a.size, a.root) == (b.epoch, b.size, b.root));
        promises.grown();
        Ok(promises)
    }

    fn keep(&mut self, keys: &Keys, kept: Kept) {
        let when = kept.made_at.as_deref().unwrap_or("an unknown time");
        let name = format!("the kept checkpoint of size {}, made at {when},", kept.size);
        let signed = match keys.open(&kept.note) {
            Ok(signed) => signed,
            Err(detail) => return self.findings.add(Finding::of_log(format!("{name} {detail}"))),
        };
        let said = (kept.epoch, kept.size, kept.root);
        if (signed.origin.epoch(), signed.checkpoint.size, signed.checkpoint.root) != said {
            let detail = format!("{name} says another epoch, size or root than the note that was signed");
            return self.findings.add(Finding::of_log(detail));
        }
        self.promise(&signed, &name, kept.made_at, None);
    }

    fn anchor(&mut self, keys: &Keys, anchor: Anchor) {
        let Anchor { name, note, said } = anchor;
        let Some(note) = note else {
            let detail = format!("{name} is missing: its object is not in the object store any more");
            return self.findings.add(Finding::of_log(detail));
        };
        let signed = match keys.open(&note) {
            Ok(signed) => signed,
            Err(detail) => return self.findings.add(Finding::of_log(format!("{name} {detail}"))),
        };
        let (epoch, checkpoint) = (signed.origin.epoch(), &signed.checkpoint);
        if let Some((said_epoch, size, root)) = said
            && ((said_epoch, size) != (epoch, checkpoint.size)
                || root.is_some_and(|root| root != checkpoint.root))
        {
            let detail = format!("{name} says another epoch, size or root than the note that was signed");
            return self.findings.add(Finding::of_log(detail));
        }
        self.anchors += u64::from(self.promise(&signed, &name, None, Some(name.clone())));
    }

    /// Whether the entries can be held against it.
    fn promise(
        &mut self,
        signed: &Signed,
        name: &str,
        made_at: Option<String>,
        anchor: Option<String>,
    ) -> bool {
        self.unpinned += u64::from(!signed.by_trusted);
        let (epoch, newest) = (signed.origin.epoch(), self.origin.epoch());
        if epoch > newest {
            let detail =
                format!("{name} is of epoch {epoch}, and the newest one of epoch {newest} before it");
            self.findings.add(Finding::of_log(detail));
            return false;
        }
        let Checkpoint { size, root, .. } = signed.checkpoint;
        self.all.push(Promise { epoch, size, root, made_at, anchor });
        true
    }

    /// No checkpoint may cover more than the newest one: then the log was cut back.
    fn grown(&mut self) {
        let (newest, epoch) = (self.newest.size, self.newest.epoch);
        for promise in self.all.iter().filter(|promise| promise.epoch == epoch && promise.size > newest) {
            let when = promise.made_at.as_deref().unwrap_or("an unknown time");
            let made = || format!("the checkpoint made at {when}");
            let name = promise.anchor.clone().unwrap_or_else(made);
            let size = promise.size;
            let detail = format!(
                "and what came after it was cut off: {name} covers {size} entries, the newest checkpoint {newest}"
            );
            self.findings.add(Finding::of_entry(newest, None, &detail));
        }
    }
}
