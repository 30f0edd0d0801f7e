//! docs/vectors/v1.json, made again and compared byte by byte. What is in it can never change;
//! something may be added. `CUSTODY_WRITE_VECTORS=1` writes the file instead.

mod cases;
mod shape;

use std::path::PathBuf;

use custody_domain::{
    Body, EntryId, Hash, TenantId, canonical,
    commitment::{Salt, commit, member_hash, member_salt, members},
    content,
    json::{Limits, Object, Value, parse},
    leaf::{leaf_data, leaf_hash},
    merkle::{consistency_proof, inclusion_proof, root},
};
pub(crate) use shape::{CanonicalCase, Vectors};
use shape::{Consistency, Disclosed, EntryCase, Inclusion, Member, Redacted, Tree};

pub(crate) fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors/v1.json"))
}

pub(crate) fn tenant() -> TenantId {
    "0197c4a1-7e00-7aaa-8bbb-0123456789ab".parse().unwrap()
}

/// One entry of the vectors, with what is not in the file.
pub(crate) struct Made {
    pub(crate) id: EntryId,
    pub(crate) body: Body,
    pub(crate) leaf_hash: Hash,
}

/// The vectors' log, by the names of its entries.
pub(crate) fn log() -> Vec<(&'static str, Made)> {
    let start = "2026-01-02T03:04:05.678Z".parse().unwrap();
    let mut last = None;
    let mut log = Vec::new();
    for (i, (name, source)) in (1..).zip(cases::ENTRIES) {
        let (id, _) = EntryId::next(last, start);
        last = Some(id);
        let salt = Salt(std::array::from_fn(|at| i * 16 + u8::try_from(at).unwrap()));
        let commitment = commit(&normalised(source), &salt);
        let leaf_hash = leaf_hash(tenant(), id, &commitment.content_hash);
        let body = Body::Full { salt, content: commitment.canonical };
        log.push((name, Made { id, body, leaf_hash }));
    }
    log
}

fn normalised(source: &str) -> Object<'_> {
    let Ok(Value::Object(mut content)) = parse(source.as_bytes(), &Limits::default()) else {
        panic!("no object: {source}")
    };
    content::normalise(&mut content).unwrap();
    content
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn canonical_case(source: &str) -> CanonicalCase {
    let value = parse(source.as_bytes(), &Limits::default()).unwrap();
    let mut wrapped = Object::new();
    wrapped.insert("", value.clone());
    let number_as_text = canonical::normalise_numbers(&mut wrapped).unwrap();
    CanonicalCase {
        source: source.to_owned(),
        canonical: text(canonical::to_vec(&value)),
        number_as_text: number_as_text.into_iter().map(|p| p[1..].to_owned()).collect(),
    }
}

fn entry(name: &str, source: &str, seq: u64, made: &Made) -> EntryCase {
    let Body::Full { salt, content } = &made.body else { panic!() };
    let object = normalised(source);
    let all = members(&object);
    let content_hash = made.body.content_hash().unwrap();
    EntryCase {
        name: name.to_owned(),
        source: source.to_owned(),
        tenant_id: tenant().to_string(),
        id: made.id.to_string(),
        seq,
        received_at: custody_domain::time::rfc3339_millis(made.id.received_at()),
        entry_salt: salt.to_hex(),
        canonical: text(content.clone()),
        members: all
            .iter()
            .map(|(pointer, value)| {
                let salt = member_salt(salt, pointer);
                Member {
                    pointer: pointer.to_owned(),
                    value: text(value.to_vec()),
                    salt: salt.to_hex(),
                    hash: hex::encode(member_hash(&salt, pointer, value)),
                }
            })
            .collect(),
        content_hash: hex::encode(content_hash),
        leaf_data: hex::encode(leaf_data(tenant(), made.id, &content_hash)),
        leaf_hash: hex::encode(made.leaf_hash),
        body: hex::encode(made.body.encode()),
    }
}

fn tree(leaves: &[Hash]) -> Tree {
    let hexes = |hashes: Vec<Hash>| hashes.iter().map(hex::encode).collect();
    let inclusion = (1..=leaves.len()).flat_map(|size| (0..size).map(move |index| (index, size)));
    let consistency = (0..=leaves.len()).flat_map(|to| (0..=to).map(move |from| (from, to)));
    Tree {
        leaf_hashes: hexes(leaves.to_vec()),
        roots: (0..=leaves.len()).map(|size| hex::encode(root(&leaves[..size]))).collect(),
        inclusion: inclusion
            .map(|(leaf_index, tree_size)| Inclusion {
                leaf_index,
                tree_size,
                hashes: hexes(inclusion_proof(&leaves[..tree_size], leaf_index).unwrap()),
            })
            .collect(),
        consistency: consistency
            .map(|(from, to)| Consistency {
                from,
                to,
                hashes: hexes(consistency_proof(&leaves[..to], from).unwrap()),
            })
            .collect(),
    }
}

pub(crate) fn vectors() -> Vectors {
    let log = log();
    let body = |of: &str| &log.iter().find(|(name, _)| *name == of).unwrap().1.body;
    let hash = |body: &Body| hex::encode(body.content_hash().unwrap());
    let owned = |pointers: &[&str]| pointers.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
    let leaves: Vec<Hash> = log.iter().map(|(_, made)| made.leaf_hash).collect();
    Vectors {
        about: "Test vectors of docs/proofs.md, version 1. Checked by tests/proofs/verify.py.",
        version: 1,
        canonical: cases::CANONICAL.iter().map(|source| canonical_case(source)).collect(),
        entries: log
            .iter()
            .zip(cases::ENTRIES)
            .zip(0..)
            .map(|(((name, made), (_, source)), seq)| entry(name, source, seq, made))
            .collect(),
        redacted: cases::REDACTED
            .iter()
            .map(|(of, erase)| {
                let redacted = body(of).redact(erase).unwrap();
                Redacted {
                    of: (*of).to_owned(),
                    erase: owned(erase),
                    content_hash: hash(&redacted),
                    body: hex::encode(redacted.encode()),
                }
            })
            .collect(),
        disclosed: cases::DISCLOSED
            .iter()
            .map(|(of, erased, show)| {
                let disclosure = body(of).redact(erased).unwrap().disclose(show).unwrap();
                assert_eq!(disclosure.content_hash().unwrap(), body(of).content_hash().unwrap());
                let mut json = Vec::new();
                disclosure.write_json(&mut json);
                Disclosed {
                    of: (*of).to_owned(),
                    erased_before: owned(erased),
                    show: owned(show),
                    content_hash: hash(body(of)),
                    json: text(json),
                }
            })
            .collect(),
        tree: tree(&leaves),
    }
}

pub(crate) fn file(vectors: &Vectors) -> String {
    serde_json::to_string_pretty(vectors).unwrap() + "\n"
}

#[test]
fn the_file_is_what_this_code_makes() {
    let made = file(&vectors());
    if std::env::var_os("CUSTODY_WRITE_VECTORS").is_some() {
        std::fs::write(path(), &made).unwrap();
    }
    let kept = std::fs::read_to_string(path()).unwrap();
    assert!(
        made == kept,
        "docs/vectors/v1.json is not what this code makes. Version 1 is final: unless a case was \
         added on purpose (CUSTODY_WRITE_VECTORS=1 writes it), the code is wrong, not the file."
    );
}

/// The entries are such as the schema lets in.
#[test]
fn the_vectors_are_entries() {
    for (name, source) in cases::ENTRIES {
        let value = parse(source.as_bytes(), &Limits::default()).unwrap();
        let at = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let content = value.as_object().unwrap();
        assert_eq!(content::validate(content, at, content::Author::System), Ok(()), "{name}");
    }
}

/// The hashes that the page works through are those of the file.
#[test]
fn the_page_quotes_the_file() {
    let page = std::fs::read_to_string(path().with_file_name("../proofs.md")).unwrap();
    let file = file(&vectors());
    let quoted: Vec<&str> =
        page.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() >= 32).collect();
    assert!(quoted.len() >= 10, "the page works through no example");
    for hex in quoted {
        assert!(file.contains(hex), "docs/proofs.md quotes {hex}, which is not in the vectors");
    }
}
