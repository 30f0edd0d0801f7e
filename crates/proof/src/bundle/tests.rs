#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use chrono::{DateTime, Utc};
use custody_domain::{Body, EntryId, Hash, TenantId, commitment::Salt, leaf::leaf_hash};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{range::Fault, *};
use crate::{Checkpoint, CompactRange, Origin, Signer, VerifierKey};

const TENANT: TenantId = TenantId(Uuid::from_u128(7));
const BEGAN: i64 = 1_767_323_045_000;

/// A log of `size` entries, one a second, the third of which is redacted.
struct Log {
    entries: Vec<(EntryId, Body)>,
    signer: Signer,
}

fn at(second: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(BEGAN + 1000 * i64::try_from(second).unwrap()).unwrap()
}

impl Log {
    fn of(size: u64) -> Self {
        let mut last = None;
        let entries = (0..size).map(|seq| {
            let (id, _) = EntryId::next(last, at(seq));
            last = Some(id);
            let content = format!(r#"{{"action":"a.{seq}","actor":{{"id":"é\n","name":"x"}}}}"#).into_bytes();
            let body = Body::Full { salt: Salt([u8::try_from(seq % 256).unwrap(); 16]), content };
            (id, if seq == 2 { body.redact(&["/actor/name"]).unwrap() } else { body })
        });
        let origin = Origin::new("log.example", TENANT, 0).unwrap().to_string();
        Self { entries: entries.collect(), signer: Signer::new(&origin, &[3; 32]).unwrap() }
    }

    fn leaf(&self, seq: usize) -> Hash {
        let (id, body) = &self.entries[seq];
        leaf_hash(TENANT, *id, &body.content_hash().unwrap())
    }

    fn range(&self, from: usize, to: usize) -> CompactRange {
        let mut range = CompactRange::empty(from as u64);
        (from..to).for_each(|seq| range.append(self.leaf(seq)).unwrap());
        range
    }

    fn neighbour(&self, seq: usize) -> Option<Neighbour> {
        let (id, body) = self.entries.get(seq)?;
        Some(Neighbour { id: *id, content_hash: body.content_hash().unwrap() })
    }

    fn size(&self) -> usize {
        self.entries.len()
    }

    fn header(&self, first: usize, end: usize) -> Header {
        let root = self.range(0, self.size()).root().unwrap();
        let origin = self.signer.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin, size: self.size() as u64, root };
        let (from, to) = (at(first as u64), at(end as u64));
        Header {
            tenant: TENANT,
            from: (first > 0).then_some(from),
            to: (end < self.size()).then_some(to),
            first: first as u64,
            end: end as u64,
            before: first.checked_sub(1).and_then(|seq| self.neighbour(seq)),
            after: self.neighbour(end),
            left: self.range(0, first.saturating_sub(1)).hashes().copied().collect(),
            right: self.range((end + 1).min(self.size()), self.size()).hashes().copied().collect(),
            checkpoint: checkpoint.sign(&[&self.signer]).unwrap().to_string(),
            keys: vec![self.signer.verifier().to_string()],
        }
    }

    fn of_query(&self, seqs: &[usize]) -> Vec<u8> {
        let Header { tenant, checkpoint, keys, .. } = self.header(0, self.size());
        let header = QueryHeader { tenant, query: "action:a.*".to_owned(), checkpoint, keys };
        let mut out = Vec::new();
        let mut bundle = QueryBundle::begin(&header, &mut out).unwrap();
        let between = |from: u64, to: usize| -> Vec<_> {
            self.range(usize::try_from(from).unwrap(), to).hashes().copied().collect()
        };
        for seq in seqs {
            let (id, body) = &self.entries[*seq];
            let skip = between(bundle.next(), *seq);
            bundle.entry((*seq as u64, *id), body, &skip, &mut out).unwrap();
        }
        let rest = between(bundle.next(), self.size());
        bundle.end(&rest, &mut out).unwrap();
        out
    }

    fn bundle(&self, first: usize, end: usize) -> Vec<u8> {
        let mut writer = BundleWriter::begin(Vec::new(), &self.header(first, end)).unwrap();
        for seq in first..end {
            let (id, body) = &self.entries[seq];
            writer.entry(seq as u64, *id, &body.encode()).unwrap();
        }
        writer.finish().unwrap()
    }
}

fn checked(bundle: &[u8]) -> Result<Checked, BundleError> {
    check(bundle, &[], |_, _| ())
}

/// A bundle with a last line that fits: what somebody makes who knows the format.
fn with_footer(lines: &[String]) -> Vec<u8> {
    let mut bundle = [lines.join("\n").as_bytes(), b"\n"].concat();
    let footer = write::footer(Sha256::new_with_prefix(&bundle));
    bundle.extend_from_slice(&footer);
    bundle
}

fn lines(bundle: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bundle.to_vec()).unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.pop();
    lines
}

#[test]
fn every_range_of_every_small_log_is_proven() {
    for size in 1..9 {
        let log = Log::of(size as u64);
        for first in 0..=size {
            for end in first..=size {
                let bundle = log.bundle(first, end);
                let checked = checked(&bundle).unwrap();
                assert_eq!(checked.checkpoint.size, size as u64);
                let Claim::Complete { first: from, end: to, is_open, .. } = checked.claim else {
                    panic!("{:?}", checked.claim);
                };
                assert_eq!((from, to, is_open), (first as u64, end as u64, end == size));
                assert_eq!(bundle, with_footer(&lines(&bundle)));
            }
        }
    }
}

#[test]
fn a_flipped_bit_in_any_byte_is_noticed() {
    let bundle = Log::of(5).bundle(2, 4);
    assert!(checked(&bundle).is_ok());
    for at in 0..bundle.len() {
        let mut changed = bundle.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(checked(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn a_bundle_that_was_cut_off_or_continued_is_no_bundle() {
    let bundle = Log::of(5).bundle(1, 4);
    for length in (0..bundle.len()).step_by(7) {
        assert!(checked(&bundle[..length]).is_err(), "{length}");
    }
    let half = checked(&bundle[..bundle.len() / 2]).unwrap_err();
    assert!(!half.is_tampering(), "{half}");
    assert!(checked(&[&bundle[..], b"\n"].concat()).is_err());
    assert!(checked(&[&bundle[..], &bundle].concat()).is_err());
}

/// Whoever tampers can write the last line again: each change must be found by what it breaks.
#[test]
fn a_change_with_a_hash_that_fits_is_noticed() {
    let log = Log::of(9);
    let bundle = log.bundle(2, 6);
    let refused = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines(&bundle);
        change(&mut lines);
        let changed = with_footer(&lines);
        assert_ne!(changed, bundle);
        checked(&changed).unwrap_err()
    };
    let replaced = |line: usize, from: &str, to: &str| {
        let error = refused(&|lines| {
            assert!(lines[line].contains(from), "{}", lines[line]);
            lines[line] = lines[line].replacen(from, to, 1);
        });
        assert!(error.is_tampering(), "{from}: {error}");
        error.to_string()
    };
    assert!(replaced(2, "a.3", "a.4").contains("root"));
    assert!(replaced(2, "\"seq\":3", "\"seq\":4").contains("entry 4"));
    // Of the redacted one, what was erased.
    let erased = &lines(&bundle)[1];
    let hash = erased.split("\"erased\":[\"").nth(1).unwrap()[..64].to_owned();
    assert!(replaced(1, &hash, &"ab".repeat(32)).contains("root"));
    assert!(refused(&|lines| lines.swap(2, 3)).is_tampering());
    assert!(!refused(&|lines| drop(lines.remove(3))).to_string().is_empty());
    assert!(refused(&|lines| lines.insert(3, lines[2].clone())).to_string().contains("entry 3"));
    // Claims that the entries do not bear out.
    assert!(replaced(0, "03:04:07.000Z", "03:04:06.000Z").contains("before the first"));
    assert!(replaced(0, "03:04:11.000Z", "03:04:12.000Z").contains("after the last"));
    assert!(replaced(0, "03:04:07.000Z", "03:04:07.001Z").contains("outside of the range"));
    assert!(replaced(0, "\"first\":2", "\"first\":4").contains("beside the range"));
    assert!(replaced(0, "log.example", "log.Example").contains("checkpoint"));
    assert!(replaced(0, "\\n9\\n", "\\n8\\n").contains("checkpoint"));
    let other = TenantId(Uuid::from_u128(8));
    let header = log.header(2, 6);
    let foreign = Header { tenant: other, ..header.clone() };
    let error = refused(&|lines| lines[0] = String::from_utf8(foreign.to_line()).unwrap());
    assert!(error.to_string().contains("not of this tenant"), "{error}");
    for change in [
        |header: &mut Header| header.left[0][0] ^= 1,
        |header: &mut Header| header.right[0][0] ^= 1,
        |header: &mut Header| header.before.as_mut().unwrap().content_hash[0] ^= 1,
        |header: &mut Header| header.after.as_mut().unwrap().content_hash[0] ^= 1,
        |header: &mut Header| header.right.clear(),
        |header: &mut Header| header.before = None,
        |header: &mut Header| header.after = None,
        |header: &mut Header| header.keys.clear(),
        |header: &mut Header| header.from = None,
        |header: &mut Header| header.to = None,
    ] {
        let mut changed = header.clone();
        change(&mut changed);
        let error = refused(&|lines| lines[0] = String::from_utf8(changed.to_line()).unwrap());
        assert!(error.is_tampering(), "{error}");
    }
}

#[test]
fn a_bundle_that_somebody_else_signed_is_refused_by_who_knows_the_key() {
    let log = Log::of(4);
    let forged = Log { signer: Signer::new(log.signer.verifier().name(), &[4; 32]).unwrap(), ..Log::of(4) };
    let trusted = [log.signer.verifier().clone()];
    assert!(check(&log.bundle(1, 3)[..], &trusted, |_, _| ()).unwrap().is_pinned);
    let bundle = forged.bundle(1, 3);
    assert!(!checked(&bundle).unwrap().is_pinned);
    let error = check(&bundle[..], &trusted, |_, _| ()).unwrap_err();
    assert!(matches!(error, BundleError::NotProven { fault: Fault::NotTrusted, .. }), "{error}");
    let mut header = log.header(1, 3);
    header.keys.push(VerifierKey::to_string(forged.signer.verifier()));
    assert!(BundleWriter::begin(Vec::new(), &header).is_err());
}

/// It is named after the epoch in which it was kept, and signs in all of them.
#[test]
fn a_key_counts_in_every_epoch_of_its_log_and_in_no_other_log() {
    let origin = |log: &str, epoch| Origin::new(log, TENANT, epoch).unwrap().to_string();
    let kept = |log| [Signer::new(&origin(log, 0), &[3; 32]).unwrap().verifier().clone()];
    let later = Log { signer: Signer::new(&origin("log.example", 1), &[3; 32]).unwrap(), ..Log::of(4) };
    let bundle = later.bundle(1, 3);
    assert!(check(&bundle[..], &kept("log.example"), |_, _| ()).unwrap().is_pinned);
    let error = check(&bundle[..], &kept("other.example"), |_, _| ()).unwrap_err();
    assert!(!error.is_tampering(), "the caller's slip: {error}");
}

#[test]
fn nothing_is_exported_that_would_not_be_proven() {
    let log = Log::of(4);
    let mut writer = BundleWriter::begin(Vec::new(), &log.header(1, 3)).unwrap();
    let (id, body) = &log.entries[1];
    writer.entry(1, *id, &body.encode()).unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::NotProven(Fault::Short(2)))));
    let mut writer = BundleWriter::begin(Vec::new(), &log.header(1, 3)).unwrap();
    assert!(matches!(writer.entry(2, *id, &body.encode()), Err(WriteError::NotProven(_))));
    assert!(matches!(writer.entry(1, *id, b"\x09"), Err(WriteError::Body { seq: 1, .. })));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, text in "\\PC{0,200}\n\\PC{0,200}") {
        let _ = checked(&bytes);
        let _ = checked(text.as_bytes());
    }

    #[test]
    fn no_changed_bundle_makes_it_panic(at: prop::sample::Index, bytes in prop::collection::vec(any::<u8>(), 0..9)) {
        let bundle = Log::of(4).bundle(1, 3);
        let at = at.index(bundle.len());
        let changed = [&bundle[..at], &bytes, &bundle[at..]].concat();
        prop_assert_eq!(checked(&changed).is_ok(), bytes.is_empty());
    }
}

#[test]
fn any_choice_of_entries_is_proven_to_be_in_the_log() {
    for size in 1..9 {
        let log = Log::of(size);
        for choice in 0_u32..1 << size {
            let seqs: Vec<_> = (0..log.size()).filter(|seq| choice >> seq & 1 == 1).collect();
            let checked = check(&log.of_query(&seqs)[..], &[], |_, _| {}).unwrap();
            let claim = Claim::Included { query: "action:a.*".to_owned(), entries: seqs.len() as u64 };
            assert_eq!(checked.claim, claim, "{seqs:?} of {size}");
        }
    }
}

#[test]
fn no_bit_of_a_querys_bundle_can_be_changed_and_no_line_left_out() {
    let log = Log::of(7);
    let bundle = log.of_query(&[1, 2, 5]);
    let mut changed = bundle.clone();
    for bit in 0..bundle.len() * 8 {
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(check(&changed[..], &[], |_, _| {}).is_err(), "bit {bit}");
        changed[bit / 8] ^= 1 << (bit % 8);
    }
    for length in 0..bundle.len() {
        assert!(check(&bundle[..length], &[], |_, _| {}).is_err(), "cut at {length}");
    }
}

#[test]
fn who_makes_the_last_line_anew_still_cannot_change_an_entry_of_a_querys_bundle() {
    let log = Log::of(7);
    let bundle = String::from_utf8(log.of_query(&[1, 5])).unwrap();
    let lines: Vec<_> = bundle.lines().collect();
    let forged = |lines: &[&str]| {
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        let footer = format!("{{\"sha256\":\"{}\"}}\n", hex::encode(Sha256::digest(&text)));
        check((text + &footer).as_bytes(), &[], |_, _| {})
    };
    forged(&lines[..4]).unwrap();
    let other = lines[1].replace("a.1", "a.9");
    let moved = lines[1].replace("\"seq\":1", "\"seq\":2");
    for (lines, why) in [
        (vec![lines[0], &other, lines[2], lines[3]], "another content"),
        (vec![lines[0], &moved, lines[2], lines[3]], "another place"),
        (vec![lines[0], lines[2], lines[3]], "an entry less"),
        (vec![lines[0], lines[1], lines[1], lines[2], lines[3]], "an entry twice"),
        (vec![lines[0], lines[2], lines[1], lines[3]], "another order"),
    ] {
        assert!(forged(&lines).is_err(), "{why}");
    }
}
